/**
 * Whole files, or nothing: write beside the target, fsync, rename, fsync the folder.
 *
 * Everything a node keeps outside the database (vault, manifests, sealed adapters) goes through here, so that a
 * crash or a full disk never leaves half a file under its final name. Leftovers of a killed process are named
 * `.<name>.<random>.tmp` and ignored by every listing. What was rejected: writing in place with a backup copy,
 * which needs a repair step on start.
 */
import { randomBytes } from 'node:crypto'
import { link, mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { OppuError } from '../../protocol/errors.ts'

export type ByteSource = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/**
 * Writes `content` to `path`, creating its folder (0700). With `exclusive`, an existing file is left alone and the
 * answer is false; otherwise it is replaced and the answer is true.
 * @throws OppuError DISK_FULL; the signal's reason. The target is untouched then.
 */
export async function writeFileAtomic(
  path: string,
  content: ByteSource,
  options: { readonly mode?: number; readonly exclusive?: boolean; readonly signal?: AbortSignal } = {},
): Promise<boolean> {
  const folder = dirname(path)
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const file = await open(temporary, 'wx', options.mode ?? 0o600)
    try {
      for await (const bytes of content instanceof Uint8Array ? [content] : content) {
        options.signal?.throwIfAborted()
        await file.writeFile(bytes)
      }
      await file.sync()
    } finally {
      await file.close()
    }
    options.signal?.throwIfAborted()
    if (options.exclusive) {
      try {
        await link(temporary, path)
      } catch (error) {
        if (errorCode(error) === 'EEXIST') return false
        throw error
      }
    } else {
      await rename(temporary, path)
    }
    await syncFolder(folder)
    return true
  } catch (error) {
    throw diskError(error, path)
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Makes a rename in `folder` survive a power cut; a no-op where folders cannot be synced (Windows). */
export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (!['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP'].includes(errorCode(error) ?? '')) throw error
  }
}

/** An ENOSPC or EDQUOT becomes DISK_FULL naming `path`; anything else comes back as it is. */
export function diskError(error: unknown, path: string): unknown {
  const code = errorCode(error)
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new OppuError('DISK_FULL', `no space left to write ${path}`, { cause: error })
  return error
}

/** `instead` for the error of a file or folder that is not there; throws any other. */
export function absent<T>(error: unknown, instead: T): T {
  if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return instead
  throw error
}

/** The `code` of a system error, if it has one. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
