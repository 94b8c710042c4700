/**
 * Where bases lie on disk, and how what lies there is checked.
 *
 *   <home>/bases/<baseId>/manifest      canonical bytes of the manifest
 *   <home>/bases/<baseId>/files/...     the source files, as they came
 *   <home>/bases/<baseId>/weights.f32   derived (see weights-file.ts); may be deleted at any time
 *   <home>/bases/<baseId>/verified      which files were found whole, by size and time; may be deleted at any time
 *   <home>/bases/.incoming/...          imports under way
 *
 * A base's folder appears by one rename when it is complete.
 */
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { OppuError } from '../../protocol/errors.ts'
import { type BaseId, parseId } from '../../protocol/ids.ts'
import {
  type BaseManifest,
  baseId,
  chunkHash,
  decodeManifest,
  type ManifestFile,
} from '../../protocol/manifest.ts'
import { errorCode, writeFileAtomic } from '../store/atomic-file.ts'

export const MANIFEST_NAME = 'manifest'
export const FILES_NAME = 'files'

/** The folder of all bases of a node. */
export function basesFolder(home: string): string {
  return join(home, 'bases')
}

/** The folder of one base. */
export function baseFolder(home: string, id: BaseId): string {
  return join(basesFolder(home), id)
}

export interface StoredBase {
  readonly id: BaseId
  readonly manifest: BaseManifest
  readonly folder: string
}

/**
 * Reads the manifest of the base `id`.
 * @throws OppuError NOT_FOUND where there is no such base, HASH_MISMATCH where its manifest is another's.
 */
export async function readBase(home: string, id: BaseId): Promise<StoredBase> {
  const folder = baseFolder(home, id)
  let bytes: Uint8Array
  try {
    bytes = await readFile(join(folder, MANIFEST_NAME))
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') throw new OppuError('NOT_FOUND', `there is no base ${id}`, { cause })
    throw cause
  }
  const manifest = decodeManifest(bytes)
  if (baseId(manifest) !== id)
    throw new OppuError('HASH_MISMATCH', `the manifest in ${folder} belongs to base ${baseId(manifest)}`)
  return { id, manifest, folder }
}

/** Every base whose manifest is in order, by id; damaged ones show themselves when they are opened. */
export async function listBases(home: string): Promise<StoredBase[]> {
  const names = await readdir(basesFolder(home)).catch(() => [])
  const bases: StoredBase[] = []
  for (const name of names.sort()) {
    if (!/^[0-9a-f]{64}$/.test(name)) continue
    try {
      bases.push(await readBase(home, parseId<BaseId>(name, 'base id')))
    } catch (error) {
      if (!(error instanceof OppuError)) throw error
    }
  }
  return bases
}

/**
 * Checks the files of a base against their chunk hashes. A file that was found whole before
 * and has not changed since (size and time) is not read again, except where `again` is set.
 * @throws OppuError HASH_MISMATCH, TRUNCATED_FILE, NOT_FOUND naming the file; the signal's reason.
 */
export async function verifyFiles(
  folder: string,
  manifest: BaseManifest,
  options: {
    readonly again?: boolean
    readonly signal?: AbortSignal
    readonly onProgress?: (bytes: number) => void
  } = {},
): Promise<void> {
  const seen = options.again ? {} : await readVerified(folder)
  const now: Record<string, string> = {}
  let bytes = 0
  for (const file of manifest.files) {
    const path = join(folder, FILES_NAME, file.path)
    const stamp = await stampOf(path, file)
    if (seen[file.path] !== stamp)
      await verifyFile(path, file, manifest.chunkSize, options.signal, done =>
        options.onProgress?.(bytes + done),
      )
    bytes += file.size
    now[file.path] = stamp
  }
  if (JSON.stringify(now) !== JSON.stringify(seen))
    await writeFileAtomic(join(folder, 'verified'), Buffer.from(JSON.stringify(now)))
}

async function verifyFile(
  path: string,
  file: ManifestFile,
  chunkSize: number,
  signal: AbortSignal | undefined,
  onProgress: (bytes: number) => void,
): Promise<void> {
  await using handle = await open(path)
  const buffer = Buffer.alloc(Math.min(chunkSize, file.size))
  for (const [index, expected] of file.chunks.entries()) {
    signal?.throwIfAborted()
    const length = Math.min(chunkSize, file.size - index * chunkSize)
    const { bytesRead } = await handle.read(buffer, 0, length, index * chunkSize)
    if (bytesRead < length) throw new OppuError('TRUNCATED_FILE', `${path} ends within chunk ${index}`)
    if (chunkHash(buffer.subarray(0, length)) !== expected)
      throw new OppuError('HASH_MISMATCH', `chunk ${index} of ${path} is not what the base's manifest says`)
    onProgress(index * chunkSize + length)
  }
}

async function stampOf(path: string, file: ManifestFile): Promise<string> {
  let info: { size: number; mtimeMs: number }
  try {
    info = await stat(path)
  } catch (cause) {
    throw new OppuError('NOT_FOUND', `the base's file ${path} is gone`, { cause })
  }
  if (info.size < file.size)
    throw new OppuError('TRUNCATED_FILE', `${path} has ${info.size} bytes of ${file.size}`)
  if (info.size > file.size)
    throw new OppuError('HASH_MISMATCH', `${path} has ${info.size} bytes, not ${file.size}`)
  return `${info.size} ${info.mtimeMs}`
}

async function readVerified(folder: string): Promise<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(await readFile(join(folder, 'verified'), 'utf8'))
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
