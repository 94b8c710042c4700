/**
 * Are a base's files still what its manifest says? Asked on every opening, so what was found whole is noted.
 *
 * `<folder>/checked` keeps, by path, the size and time of each file that was hashed and found right; a file that has
 * both unchanged is not read again. Deleting the note costs one more reading. A folder that someone changes on purpose,
 * times included, is not what this guards against: whoever fetches from it checks every chunk.
 */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isOppuError, OppuError } from '../../protocol/errors.ts'
import { type BaseManifest, baseId } from '../../protocol/manifest.ts'
import { writeFileAtomic } from '../store/atomic-file.ts'
import { BaseSource, type StoredBase } from '../store/bases.ts'
import { FILES_FOLDER } from '../store/chunks.ts'

const NOTE = 'checked'

/**
 * Checks the files in `<folder>/files` against `manifest`.
 * @throws OppuError HASH_MISMATCH, TRUNCATED_FILE, NOT_FOUND naming the file; the signal's reason.
 */
export async function demandWholeFiles(
  folder: string,
  manifest: BaseManifest,
  signal?: AbortSignal,
): Promise<void> {
  const before = await readNote(folder)
  const now: Record<string, string> = {}
  await using source = await BaseSource.open({ id: baseId(manifest), manifest, folder })
  for (const [index, file] of manifest.files.entries()) {
    const stamp = await stampOf(join(folder, FILES_FOLDER, file.path), file.size)
    if (before[file.path] !== stamp) await source.verify(index, signal)
    now[file.path] = stamp
  }
  if (JSON.stringify(now) === JSON.stringify(before)) return
  // Only a note: a full or read-only disk costs a second reading, not the base.
  await writeFileAtomic(join(folder, NOTE), Buffer.from(JSON.stringify(now))).catch(() => false)
}

/** Whether demandWholeFiles() finds nothing wrong. @throws the signal's reason. */
export async function isWhole({ folder, manifest }: StoredBase, signal?: AbortSignal): Promise<boolean> {
  try {
    await demandWholeFiles(folder, manifest, signal)
    return true
  } catch (error) {
    if (isOppuError(error)) return false
    throw error
  }
}

async function stampOf(path: string, size: number): Promise<string> {
  const info = await stat(path).catch(cause => {
    throw new OppuError('NOT_FOUND', `the base's file ${path} is gone`, { cause })
  })
  if (info.size < size) throw new OppuError('TRUNCATED_FILE', `${path} has ${info.size} bytes of ${size}`)
  if (info.size > size) throw new OppuError('HASH_MISMATCH', `${path} has ${info.size} bytes, not ${size}`)
  return `${info.size} ${info.mtimeMs}`
}

async function readNote(folder: string): Promise<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(await readFile(join(folder, NOTE), 'utf8'))
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
