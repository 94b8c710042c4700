/**
 * Keeping bases right: which chunks of one are damaged, and putting them right from what other bases here hold and, for
 * the rest, from peers, who are reached through the caller (node/peering.ts), since most repairs need none.
 */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { isOppuError, OppuError } from '../../protocol/errors.ts'
import type { BaseManifest } from '../../protocol/manifest.ts'
import { Outline } from '../../protocol/outline.ts'
import { BaseSource, type Bases, type StoredBase } from '../store/bases.ts'
import { ChunkIndex } from '../store/chunk-index.ts'
import { type ChunkSink, FILES_FOLDER } from '../store/chunks.ts'
import { readOutline, writeOutline } from '../store/outlines.ts'
import { BaseRepair } from '../store/repair.ts'
import { copyShared } from '../store/sharing.ts'
import { listChunks } from './chunking.ts'

export interface UpkeepOptions {
  /** Bytes looked at, of all. */
  readonly onProgress?: (bytes: number, total: number) => void
  readonly signal?: AbortSignal
}

export interface DamagedFile {
  readonly path: string
  readonly chunks: number
  /** Of them. */
  readonly bytes: number
}

export interface Examination {
  readonly chunks: number
  readonly bytes: number
  readonly damaged: readonly DamagedFile[]
  /** False when the list of chunks is damaged and the files do not give it again: nothing can be said of them then. */
  readonly outline: boolean
}

export interface Repaired {
  /** Bytes put right, from other bases here and from peers. */
  readonly shared: number
  readonly fetched: number
}

/** Who else can help with a base. */
export interface Helpers {
  /** Fills the sink with what it lacks and finishes it. */
  readonly fetch: (sink: ChunkSink) => Promise<void>
  /** The list of the base's chunks. */
  readonly outline: () => Promise<Outline>
}

/** Hashes a whole base. @throws OppuError CLOSED; the signal's reason. */
export async function examine(base: StoredBase, options: UpkeepOptions = {}): Promise<Examination> {
  const outline = (await knownOutline(base)) ?? (await rebuiltOutline(base, options.signal))
  const { bytes } = { bytes: base.manifest.files.reduce((sum, { size }) => sum + size, 0) }
  if (outline === undefined) return { chunks: 0, bytes, damaged: [], outline: false }
  return {
    chunks: outline.count,
    bytes,
    damaged: byFile(outline, await damagedChunks(base, outline, options)),
    outline: true,
  }
}

/**
 * Puts a base right; nothing is fetched that is right here or in another base.
 * @throws OppuError DISK_FULL; those of `helpers`; the signal's reason. What was put right stays so.
 */
export async function repair(
  bases: Bases,
  base: StoredBase,
  helpers: Helpers,
  options: UpkeepOptions = {},
): Promise<Repaired> {
  let outline = await knownOutline(base)
  if (outline === undefined) {
    outline = (await rebuiltOutline(base, options.signal)) ?? (await helpers.outline())
    if (outline.id !== base.id) throw new OppuError('INVALID_DATA', 'the list of chunks is of another base')
    await writeOutline(base.folder, outline)
  }
  const damaged = await damagedChunks(base, outline, options)
  if (damaged.length === 0) return { shared: 0, fetched: 0 }
  await using sink = await BaseRepair.open(base, outline, damaged)
  const shared = await shareInto(bases, sink, options.signal)
  const fetched = sink.missing.reduce((sum, chunk) => sum + outline.length(chunk), 0)
  if (sink.complete) await sink.finish()
  else await helpers.fetch(sink)
  return { shared, fetched }
}

async function shareInto(bases: Bases, sink: ChunkSink, signal?: AbortSignal): Promise<number> {
  await using index = await ChunkIndex.open(bases, sink.outline.id)
  return await copyShared(index, sink, { signal })
}

async function damagedChunks(base: StoredBase, outline: Outline, options: UpkeepOptions): Promise<number[]> {
  await using source = BaseSource.of(base.folder, outline)
  const { onProgress, signal } = options
  return await source.damaged({
    signal,
    ...(onProgress ? { onProgress: bytes => onProgress(bytes, outline.bytes) } : {}),
  })
}

/** `undefined` when the one on disk is gone or damaged. */
async function knownOutline({ folder, manifest }: StoredBase): Promise<Outline | undefined> {
  return await readOutline(folder, manifest).catch(error => {
    if (isOppuError(error)) return undefined
    throw error
  })
}

/** Cuts the files again: where they are whole, and were cut by our rule, that gives the list the manifest speaks of. */
async function rebuiltOutline(
  { folder, manifest }: { readonly folder: string; readonly manifest: BaseManifest },
  signal: AbortSignal | undefined,
): Promise<Outline | undefined> {
  if (manifest.version === 1) return Outline.ofVersion1(manifest)
  try {
    const lists = []
    for (const { path } of manifest.files) {
      await using handle = await open(join(folder, FILES_FOLDER, ...path.split('/')))
      lists.push(await listChunks(handle, path, { signal }))
    }
    return Outline.of(manifest, lists)
  } catch {
    signal?.throwIfAborted()
    return undefined
  }
}

function byFile(outline: Outline, damaged: readonly number[]): DamagedFile[] {
  const files = Map.groupBy(damaged, chunk => outline.fileOf(chunk))
  return [...files].map(([file, chunks]) => ({
    path: outline.manifest.files[file]!.path,
    chunks: chunks.length,
    bytes: chunks.reduce((sum, chunk) => sum + outline.length(chunk), 0),
  }))
}
