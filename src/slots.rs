//! The slots: one block of 64-bit words per environment through which JavaScript and native code
//! exchange arguments and results without a Node-API call per value.
//!
//! JavaScript writes the arguments of one call, enters native code, and reads the result. Native
//! code loads every word it needs before it enters C and writes the result after C returned, so a
//! call made from within C may use the same words.

/// Words for arguments. On the register path words 0..6 are the integer registers, 6..14 the
/// floating-point registers and the rest the stack; on the libffi path word *n* is scalar parameter
/// *n*, and structs by value follow. A struct result that is not kept is left at word 0.
///
/// There is room for 64 KB of structs by value beside the most parameters there can be.
pub const ARGUMENT_WORDS: usize = 8192 + 256;
/// The integer result, as the register holds it.
pub const RESULT: usize = ARGUMENT_WORDS;
/// The second integer register of a struct result.
pub const RESULT_HIGH: usize = RESULT + 1;
/// The integer result as a double, exact up to 2^53; the address of a struct result that is kept; of a string in UTF-8 that
/// the native function did not return, [`TEXT_SAME`], [`TEXT_NULL`] or [`TEXT_FETCHED`].
pub const RESULT_NUMBER: usize = RESULT + 2;
/// The string is the one that the function's last call gave.
pub const TEXT_SAME: f64 = 1.0;
/// The result is NULL.
pub const TEXT_NULL: f64 = 2.0;
/// JavaScript is to fetch it, as the function is bare.
pub const TEXT_FETCHED: f64 = 3.0;
/// The floating-point result.
pub const RESULT_FLOAT: usize = RESULT + 3;
/// The second floating-point register of a struct result.
pub const RESULT_FLOAT_HIGH: usize = RESULT + 4;
/// A [`Status`]: why a call did not happen or gave no result.
pub const STATUS: usize = RESULT + 5;
/// [`FLAG_BITS`], [`FLAG_SAME_TEXT`], [`FLAG_FILLING`] and [`FLAG_USES_BUFFERS`], for one call.
pub const FLAGS: usize = RESULT + 6;
/// The lowest stack address a call may start at.
pub const STACK_LIMIT: usize = RESULT + 7;
/// Where guarded loads put what they read.
pub const LOADED: usize = RESULT + 8;
/// Stands for the eightbytes of structs that are all padding: their bytes travel nowhere.
pub const PADDING: usize = RESULT + 9;
/// While C runs, the address of the innermost call's [`Frame`](crate::state::Frame), else 0. Its lowest bit
/// is set where something is to be done when C has returned.
pub const ACTIVE: usize = RESULT + 10;
/// The address of errno on the environment's thread.
pub const ERRNO_AT: usize = RESULT + 11;
/// errno as C sees it: set before every call of C, and read after it.
pub const ERRNO: usize = RESULT + 12;
/// Not 0 where JavaScript has set errno since C called the running callback.
pub const ERRNO_SET: usize = RESULT + 13;
/// The number of the callback that C has called.
pub const CALLBACK: usize = RESULT + 14;
/// Where that callback's errors go: an [`Origin`](crate::upcall::Origin) as a number. Of a call that is started in the
/// background its number.
pub const ORIGIN: usize = RESULT + 15;
/// The number of the background call whose outcome stands in the slots.
pub const FINISHED: usize = RESULT + 16;
/// Its errno.
pub const FINISHED_ERRNO: usize = RESULT + 17;
/// 1 where the call of C is suspended, until JavaScript has run the callback of that number in [`CALLBACK`].
/// JavaScript makes it 0 before it runs the callback, and [`COULD_NOT_RUN`] where that was impossible.
pub const SUSPENDED: usize = RESULT + 18;
/// In [`SUSPENDED`].
pub const COULD_NOT_RUN: u64 = 2;
/// The lowest stack address at which a callback may start: below it JavaScript's own stack ends soon.
pub const SCRIPT_LIMIT: usize = RESULT + 19;
/// The number of the callback whose function pointer is to be made or closed, of its class, and of its name.
pub const OPENED: [usize; 3] = [RESULT + 20, RESULT + 21, RESULT + 22];
/// As doubles, the lowest address of memory that is held, and one above the highest: elsewhere nothing is to be looked up.
pub const HELD: [usize; 2] = [RESULT + 23, RESULT + 24];
/// All bits of the 64-bit result of a leaf call.
pub const LEAF_RESULT: usize = RESULT + 25;
/// As doubles, where the piece of memory starts and ends that was looked up last; nothing once any memory has been forgotten.
pub const FOUND: [usize; 2] = [RESULT + 26, RESULT + 27];
/// The number of the function whose string JavaScript has left in [`TEXT`]; 0 for none's.
pub const TEXT_OWNER: usize = RESULT + 28;
/// A string for the function that repeats calls: its bytes and their NUL in units of 16 bytes, without, and the bytes.
pub const TEXT: usize = RESULT + 29;
/// See [`TEXT`].
pub const TEXT_LENGTH: usize = TEXT + 1;
/// See [`TEXT`].
pub const TEXT_BYTES: usize = TEXT + 2;
/// The longest string in [`TEXT`], in bytes.
pub const TEXT_ROOM: usize = 192;
/// Which function of the user's arkffi itself has called, a [`Called`](crate::memory::called::Called) or 0, and its arguments.
pub const CALLED: [usize; 3] = [CALLED_FIRST, CALLED_FIRST + 1, CALLED_FIRST + 2];
const CALLED_FIRST: usize = TEXT_BYTES + (TEXT_ROOM + 16) / 8;
/// Windows' error code of the last call of C, which stands there before the next one too.
pub const LAST_ERROR: usize = CALLED_FIRST + 3;
/// Which kind of string at the address in [`RESULT`] JavaScript wants, and above that, from bit 8 on, one more than its place
/// among the [`RECENT`].
pub const WANTED: usize = CALLED_FIRST + 4;
/// Strings that were read at an address lately, with their NUL: so many places of so many bytes, each with a NUL. Those that are
/// not ASCII, or longer, are not kept.
pub const RECENT: usize = WANTED + 1;
/// Bytes of a place.
pub const RECENT_BYTES: usize = 64;
/// The number of places.
pub const RECENT_COUNT: usize = 64;
/// The number of words.
pub const WORDS: usize = RECENT + RECENT_COUNT * RECENT_BYTES / 8;

/// Integer arguments are 64-bit patterns, not doubles: one of them is beyond 2^53.
pub const FLAG_BITS: u32 = 1;
/// The string arguments are those of the function's last call.
pub const FLAG_SAME_TEXT: u32 = 2;
/// Set by JavaScript, with a number in the bits from 8 on, while it reads the fields of a struct argument into the slots. Every call clears
/// the flags, so that JavaScript sees by this one whether code of the user's made a call meanwhile.
pub const FLAG_FILLING: u32 = 4;

/// A background call uses memory of JavaScript's.
pub const FLAG_USES_BUFFERS: u32 = 8;

/// Why a call did not happen or gave no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Status {
    /// The library or the function is closed.
    Closed = 1,
    /// The native stack is nearly used up.
    StackOverflow = 2,
    /// A string argument contains a NUL.
    EmbeddedNul = 3,
    /// No memory for a string argument.
    OutOfMemory = 4,
    /// The address of a string result is not readable.
    UnreadableText = 5,
    /// A string result is longer than a JavaScript string can be.
    TextTooLong = 6,
    /// A Node-API call failed unexpectedly.
    Internal = 7,
    /// A callback that C called has failed; JavaScript has its error.
    Callback = 8,
    /// The memory for the result, or for strings, would go over the limit.
    MemoryLimit = 9,
}

impl Status {
    /// Every status, for the JavaScript side.
    pub const ALL: [(&'static str, Status); 9] = [
        ("closed", Status::Closed),
        ("stackOverflow", Status::StackOverflow),
        ("embeddedNul", Status::EmbeddedNul),
        ("outOfMemory", Status::OutOfMemory),
        ("unreadableText", Status::UnreadableText),
        ("textTooLong", Status::TextTooLong),
        ("internal", Status::Internal),
        ("callback", Status::Callback),
        ("memoryLimit", Status::MemoryLimit),
    ];
}
