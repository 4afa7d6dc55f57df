// How docs/reference.md is divided: every exported name stands in one section. A name that is missing, or no longer exported,
// makes `npm run generate` fail. `file` is where what holds for a whole section is said: in its first comment.
const words = (text) => text.trim().split(/\s+/);

export const sections = [
  {
    title: 'Libraries and functions',
    guide: ['libraries.md', 'getting-started.md'],
    names:
      words(`dlopen FileURL Library LibraryOptions Symbols Definitions Definition FunctionDefinition FunctionType SymbolLocation
      DataDefinition Abi NativeFunction CallPath DataSymbol VariadicArgument CFunction ClosableFunction PointerDefinition
      linkSymbols LinkedSymbols suffix setLeafCalls`),
  },
  {
    title: 'Types and values',
    guide: ['types.md'],
    names:
      words(`FFIType TypeName Type ResultType Argument Result Pointer PointerLike TextLike FunctionLike HasPointer sizeof
      alignof`),
  },
  {
    title: 'Strings',
    guide: ['strings.md'],
    names: words('CString disposable DisposableType'),
  },
  {
    title: 'Structs, unions and other composite types',
    guide: ['structs.md'],
    file: 'composites.d.ts',
    names:
      words(`Struct StructSchema Union UnionSchema StructOptions Fields FieldType offsetof releasePtr ObjectType array
      ArrayType ArrayView pointer PointerType fn FunctionPointerType enumeration EnumerationType opaque OpaqueType OpaqueLike
      OpaquePointer bits BitField EmptyBitField Infer InferInput Stored View DecodedUnion CompositeType ReturnableType
      MemoryType`),
  },
  {
    title: 'Declarations of C',
    guide: ['declarations.md'],
    file: 'cdef.d.ts',
    names: words('cdef c DefinitionsOf TypeOf GeneralDefinitions GeneralDefinition GeneralSymbol'),
  },
  {
    title: 'Callbacks',
    guide: ['callbacks.md'],
    names: words('JSCallback CallbackDefinition CallbackFunction'),
  },
  {
    title: 'Calls in the background',
    guide: ['background.md'],
    names:
      words(`BackgroundFunction BackgroundOptions AbortSignalLike WithErrno AsyncCFunction ClosableBackgroundFunction
      setPoolSize`),
  },
  {
    title: 'Errors, errno and traces',
    guide: ['errors.md', 'failures.md', 'tracing.md'],
    names: words('FFIError ErrorCode errno lastError trace TracedCall'),
  },
  {
    title: 'Reading and writing memory',
    guide: ['memory.md'],
    names: words(
      `read write Accessible Writable ref Ref copy ptr readMemory toArrayBuffer toBuffer NodeBuffer`,
    ),
  },
  {
    title: 'Memory that is allocated and owned',
    guide: ['ownership.md'],
    file: 'ownership.d.ts',
    names:
      words(`malloc calloc realloc free strdup strndup Arena own Owned sharedAlloc SharedMemory addFinalizer setAllocator
      AllocatorFunctions isLive`),
  },
  {
    title: 'Limits, accounts and leaks',
    guide: ['ownership.md'],
    names:
      words(`setMemoryLimit memoryUsage MemoryUsage MemoryTally dumpMemoryUsage setGCThreshold getGCThreshold runGC
      setMaxStackSize trackAllocations leaks Leak setDumpFlags getDumpFlags DumpFlags toLeakNothing checkLeaks LeakOutcome
      LeakMatchers`),
  },
  {
    title: 'The raw bridge',
    guide: ['raw-bridge.md'],
    names: words('ffi RawTypes'),
  },
];
