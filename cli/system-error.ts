/**
 * What the operating system says when a path cannot be used, as an error with a code. It can show in any command, since
 * every path is a person's; where a room knows more it says so itself, and its error passes through here unchanged.
 */
import { type ErrorCode, OppuError } from '../protocol/errors.ts'

const CODES: Readonly<Record<string, readonly [code: ErrorCode, what: string]>> = {
  ENOSPC: ['DISK_FULL', 'no space is left'],
  EDQUOT: ['DISK_FULL', 'your share of the disk is used up'],
  EACCES: ['NOT_PERMITTED', 'permission denied'],
  EPERM: ['NOT_PERMITTED', 'that is not permitted'],
  EROFS: ['NOT_PERMITTED', 'the file system is read-only'],
  ENOENT: ['NOT_FOUND', 'there is no such file or folder'],
  EISDIR: ['INVALID_ARGUMENT', 'it is a folder, not a file'],
  ERR_FS_EISDIR: ['INVALID_ARGUMENT', 'it is a folder, not a file'],
  ENOTDIR: ['INVALID_ARGUMENT', 'part of the path is a file, not a folder'],
  EEXIST: ['INVALID_ARGUMENT', 'something else is there already'],
  ENOTEMPTY: ['INVALID_ARGUMENT', 'something else is there already'],
  ELOOP: ['INVALID_ARGUMENT', 'its links lead in a circle'],
  ENAMETOOLONG: ['INVALID_ARGUMENT', 'the path is too long'],
  EMFILE: ['UNAVAILABLE', 'too many files are open'],
  ENFILE: ['UNAVAILABLE', 'too many files are open on this machine'],
  EBUSY: ['UNAVAILABLE', 'it is in use'],
  EIO: ['UNAVAILABLE', 'the disk cannot be read or written there'],
  ENOMEM: ['OUT_OF_MEMORY', 'no memory is left'],
}

/** A file on its way (node/store/atomic-file.ts) stands for the one that it will be. */
const TEMPORARY = /\.([^/\\]+)\.[0-9a-f]{12}\.tmp$/

/** An OppuError for an error of the operating system that we know; anything else comes back as it is. */
export function fromSystemError(error: unknown): unknown {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return error
  const [code, what] = CODES[String(error.code)] ?? []
  if (code === undefined) return error
  // A rename names where to in `dest`; where it comes from is ours.
  const path = 'dest' in error ? error.dest : 'path' in error ? error.path : undefined
  const named = String(path).replace(TEMPORARY, '$1')
  return new OppuError(code, path === undefined ? `a path cannot be used: ${what}` : `${named}: ${what}`, {
    cause: error,
  })
}
