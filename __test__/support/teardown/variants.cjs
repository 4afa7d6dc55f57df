// Ends of other kinds than the grid's.
module.exports = [];
