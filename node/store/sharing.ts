/**
 * Begins a pull with what is here: a file that another base has whole is hard-linked (two versions of a base then take
 * the space of one), and chunks that other bases hold are copied, so that only what is new comes from peers. Everything
 * is hashed as it is read; what turns out damaged is left to the peers.
 *
 * A linked file is never written to: ChunkFolder opens it for reading, and repair.ts writes a new one in its place.
 * Where the file system has no links, a copy that shares its blocks is tried. Rejected: linking without reading (the
 * damage of one base would be that of every later one, and nobody would know from when).
 */
import { constants, copyFile, link, mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Outline } from '../../protocol/outline.ts'
import { BaseSource, type Bases } from './bases.ts'
import { ChunkIndex } from './chunk-index.ts'
import { ChunkFolder, type ChunkSink, FILES_FOLDER, partialFolder } from './chunks.ts'

export interface SharingOptions {
  /** Bytes of the base that are here, so far: of other bases, and of an earlier pull. */
  readonly onProgress?: (bytes: number) => void
  readonly signal?: AbortSignal | undefined
}

export interface BegunPull {
  /** The caller closes it. */
  readonly folder: ChunkFolder
  /** Bytes taken from other bases here. */
  readonly shared: number
  /** Of these, bytes of files that now belong to both. */
  readonly linked: number
}

/** `as`: the release that the base was asked for by. @throws those of ChunkFolder.open (DISK_FULL before the first byte: files that are linked take none); the signal's reason. */
export async function beginPull(
  bases: Bases,
  outline: Outline,
  options: SharingOptions & { readonly as?: string } = {},
): Promise<BegunPull> {
  await using index = await ChunkIndex.open(bases, outline.id)
  const begun = await ChunkFolder.verifiedFiles(bases.folder, outline)
  const linked: number[] = []
  let bytes = 0
  for (const [file, { size }] of outline.manifest.files.entries()) {
    if (size === 0 || begun.has(file)) continue
    const before = bytes
    const onProgress = (right: number) => options.onProgress?.(before + right)
    if (!(await linkFile(bases, outline, file, index, { ...options, onProgress }))) continue
    linked.push(file)
    bytes += size
  }
  const folder = await ChunkFolder.open(bases.folder, outline, {
    linked,
    ...(options.as === undefined ? {} : { as: options.as }),
  })
  try {
    const there = folder.verifiedBytes
    const onProgress = (copied: number) => options.onProgress?.(there + copied)
    const copied = await copyShared(index, folder, { ...options, onProgress })
    return { folder, shared: bytes + copied, linked: bytes }
  } catch (error) {
    await folder.close()
    throw error
  }
}

/** Writes into `sink` what it lacks and a base here has, right; the answer is how many bytes. */
export async function copyShared(
  index: ChunkIndex,
  sink: ChunkSink,
  { onProgress, signal }: SharingOptions = {},
): Promise<number> {
  const { outline } = sink
  let copied = 0
  for (let chunk = 0; chunk < outline.count; chunk++) {
    if (sink.has(chunk)) continue
    for (const place of index.places(outline.hash(chunk))) {
      signal?.throwIfAborted()
      const bytes = await place.source.read(place.index).catch(() => undefined)
      if (bytes === undefined) continue
      if (!(await sink.take(chunk, bytes))) continue
      copied += bytes.length
      onProgress?.(copied)
      break
    }
  }
  return copied
}

/** True when the file now lies in the unfinished base, and every chunk of it was read and found right. */
async function linkFile(
  bases: Bases,
  outline: Outline,
  file: number,
  index: ChunkIndex,
  { onProgress, signal }: SharingOptions,
): Promise<boolean> {
  const folder = partialFolder(bases.folder, outline.id)
  const { path } = outline.manifest.files[file]!
  const to = join(folder, FILES_FOLDER, ...path.split('/'))
  for (const place of index.files(outline, file)) {
    const from = join(place.base.folder, FILES_FOLDER, ...place.path.split('/'))
    await mkdir(dirname(to), { recursive: true, mode: 0o700 })
    await rm(to, { force: true })
    const there = await link(from, to)
      .catch(() => copyFile(from, to, constants.COPYFILE_FICLONE_FORCE))
      .then(
        () => true,
        () => false,
      )
    if (!there) continue
    await using source = BaseSource.of(folder, outline)
    const right = await source.verify(file, signal, onProgress).then(
      () => true,
      () => false,
    )
    if (right) return true
    await rm(to, { force: true })
    signal?.throwIfAborted()
  }
  return false
}
