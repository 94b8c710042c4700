/**
 * The one error type that crosses room borders, and the closed table of its codes.
 *
 * Messages are for people and may change; codes are for programs and the wire and do not. Only a code ever
 * crosses the wire. Misuse of an API (a wrong argument type, a programming mistake) is a plain `TypeError`;
 * an abort throws the signal's own reason. What a person can do about a code stands here as its hint, and
 * the CLI's exit status beside it, so that no caller keeps a second table.
 */

interface ErrorKind {
  /** Exit status of the command line (sysexits.h where one fits). */
  readonly exit: number
  /** What a person can do about it. */
  readonly hint: string
}

export const ERROR_KINDS = {
  INVALID_ARGUMENT: { exit: 64, hint: "Check the option or value against the command's --help." },
  UNKNOWN_CONFIGURATION: {
    exit: 64,
    hint: 'Remove the unknown key, or check its spelling; --help lists the known ones.',
  },
  INVALID_DATA: { exit: 65, hint: 'It is damaged, or not of the kind that is read here; use a good copy.' },
  TRUNCATED_FILE: { exit: 65, hint: 'The file ends too early; copy or download it again.' },
  UNSUPPORTED_ARCHITECTURE: { exit: 65, hint: "Use a base of a supported family (see the README's limits)." },
  UNSUPPORTED_QUANTIZATION: {
    exit: 65,
    hint: 'Use a GGUF in F32, F16, Q8_0, Q4_0, Q4_1, Q4_K, Q5_K or Q6_K.',
  },
  UNSUPPORTED_TOKENIZER: {
    exit: 65,
    hint: 'Use a base with a byte-level BPE or SentencePiece-BPE tokenizer, whose chat template keeps answers whole.',
  },
  CORRUPT_ADAPTER: {
    exit: 65,
    hint: 'The adapter file is damaged or was changed; import it again from a good copy.',
  },
  BASE_MISMATCH: {
    exit: 65,
    hint: 'Use the base this adapter was trained on, or train a new adapter for this base.',
  },
  HASH_MISMATCH: {
    exit: 65,
    hint: 'Get it again, from elsewhere if need be; a damaged base goes with oppu base remove (--leftovers).',
  },
  NO_USABLE_ITEMS: { exit: 65, hint: 'Import more history first: oppu data import FILE.' },
  NOTHING_NEW: {
    exit: 66,
    hint: 'Import newer history (oppu data import FILE), or train on all of it from the start: oppu train --fresh.',
  },
  NOT_INITIALIZED: { exit: 66, hint: 'Create the node first: oppu init.' },
  ALREADY_INITIALIZED: { exit: 73, hint: 'This folder already holds a node; use another with --home.' },
  NOT_FOUND: { exit: 66, hint: 'Check the name or path; the matching list command shows what there is.' },
  NOT_PERMITTED: { exit: 77, hint: 'Check whose the file or folder is and what may be done there.' },
  AMBIGUOUS: { exit: 64, hint: 'Say which: by its name, or by so much of its id that it is the only one.' },
  UNAVAILABLE: { exit: 69, hint: 'Try again later, or from another source.' },
  SOURCE_UNAVAILABLE: {
    exit: 69,
    hint: 'Check the network, or import from a file: oppu base import file:PATH.',
  },
  NO_PROVIDER: { exit: 69, hint: 'Make sure that a peer holding this base is running and reachable.' },
  DEVICE_UNAVAILABLE: { exit: 69, hint: 'Use --device auto or cpu; oppu doctor says what this machine has.' },
  DEVICE_LOST: {
    exit: 75,
    hint: 'Run the command again: training goes on from its last checkpoint. --device cpu does without the GPU.',
  },
  OUT_OF_MEMORY: { exit: 71, hint: 'Use shorter sequences or a smaller batch or base.' },
  DISK_FULL: { exit: 74, hint: 'Free some disk space and run the command again; finished work is kept.' },
  IN_USE: { exit: 75, hint: 'Another oppu process has this folder open; stop it, or use another --home.' },
  TIMEOUT: { exit: 75, hint: 'The other side did not answer in time; try again.' },
  CONNECTION_FAILED: {
    exit: 75,
    hint: 'Check the address: is the other side running, or, to listen on it, is it free?',
  },
  PROTOCOL_VIOLATION: {
    exit: 76,
    hint: 'Another version of oppu made it, or it misbehaves: update oppu, or try another peer.',
  },
  TOO_LARGE: { exit: 76, hint: 'It exceeds the limit named; make it smaller or split it.' },
  BAD_SIGNATURE: {
    exit: 76,
    hint: "Do not trust this source; check the coordinator's key with its operator.",
  },
  REFUSED: {
    exit: 77,
    hint: 'Not allowed as it stands; the message says what is known of why.',
  },
  LICENCE_NOT_ACCEPTED: {
    exit: 77,
    hint: 'Read the licence; to accept it, answer yes, or in a script give --accept-licence.',
  },
  INVITATION_EXPIRED: {
    exit: 77,
    hint: 'It is no longer good; ask whoever runs the coordinator for a new one.',
  },
  NOT_A_MEMBER: {
    exit: 77,
    hint: 'Ask whoever runs the coordinator for an invitation, and join with it: oppu node join INVITATION.',
  },
  WRONG_PASSPHRASE: { exit: 77, hint: 'Try again; a lost passphrase cannot be recovered.' },
  CORRUPT_VAULT: { exit: 65, hint: 'Restore the vault from a backup.' },
  NOT_A_RECIPIENT: { exit: 77, hint: 'Ask its owner to export it to your key (oppu node show).' },
  DIVERGED: { exit: 70, hint: 'Lower the learning rate and train again; the last good adapter is kept.' },
  RUNTIME_FAILURE: { exit: 70, hint: 'Run oppu doctor; if it finds nothing, please report this.' },
  NO_GAIN: {
    exit: 1,
    hint: 'The adapters do not help here; more history or other settings may. Nothing was arranged.',
  },
  CLOSED: { exit: 70, hint: 'The part was closed before this call; open it again.' },
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof ERROR_KINDS

/** An expected failure: `code` is stable, `message` names the thing at fault, `hint` says what to do. */
export class OppuError extends Error {
  override readonly name = 'OppuError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }

  get hint(): string {
    return ERROR_KINDS[this.code].hint
  }

  get exit(): number {
    return ERROR_KINDS[this.code].exit
  }
}

/** True for an OppuError, of that code where one is given. */
export function isOppuError(error: unknown, code?: ErrorCode): error is OppuError {
  return error instanceof OppuError && (code === undefined || error.code === code)
}

/** Reads a code off the wire; anything unknown becomes `UNAVAILABLE`, so that a newer peer cannot break us. */
export function errorCodeFromWire(text: string): ErrorCode {
  return Object.hasOwn(ERROR_KINDS, text) ? (text as ErrorCode) : 'UNAVAILABLE'
}

/** What one side answers another; every other code is about this side alone, and would mislead whoever hears it. */
const ANSWERS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'NOT_FOUND',
  'INVALID_ARGUMENT',
  'INVALID_DATA',
  'TOO_LARGE',
  'PROTOCOL_VIOLATION',
  'BAD_SIGNATURE',
  'REFUSED',
  'TIMEOUT',
  'NOT_A_MEMBER',
  'INVITATION_EXPIRED',
  'UNAVAILABLE',
])

/** The code that answers for an error, or that an answer gave: anything that is not for others becomes `UNAVAILABLE`. */
export function answerCode(text: string): ErrorCode {
  const code = errorCodeFromWire(text)
  return ANSWERS.has(code) ? code : 'UNAVAILABLE'
}

/** The one element of a list. @throws OppuError NOT_FOUND for none, AMBIGUOUS for several; `what` names the thing. */
export function only<T>(found: readonly T[], what: string): T {
  const [first] = found
  if (first === undefined) throw new OppuError('NOT_FOUND', `there is no ${what}`)
  if (found.length > 1) throw new OppuError('AMBIGUOUS', `${what} could be any of ${found.length}`)
  return first
}
