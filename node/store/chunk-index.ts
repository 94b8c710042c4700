/**
 * Which chunks the bases on this disk hold, by hash: where a chunk that one base needs lies in another. Built from the
 * outlines whenever it is asked for, so there is no table that could disagree with the disk; how many places a chunk
 * has is its count of references. What lies there is not believed: whoever reads a place checks it (sharing.ts).
 */
import type { BaseId, ChunkHash } from '../../protocol/ids.ts'
import type { Outline } from '../../protocol/outline.ts'
import { BaseSource, type Bases, type StoredBase } from './bases.ts'
import { readOutline } from './outlines.ts'

export interface ChunkPlace {
  readonly base: StoredBase
  readonly source: BaseSource
  readonly index: number
}

/** A file of a base that has the same chunks as one of another. */
export interface FilePlace {
  readonly base: StoredBase
  readonly path: string
}

export class ChunkIndex implements AsyncDisposable {
  readonly #places = new Map<ChunkHash, ChunkPlace[]>()
  /** By the chunks of a file, see `keyOf`. */
  readonly #files = new Map<string, FilePlace[]>()
  readonly #sources: BaseSource[] = []

  /** Of all whole bases but `except`; one whose outline is gone or damaged is left out. The caller closes it. */
  static async open(bases: Bases, except?: BaseId): Promise<ChunkIndex> {
    const index = new ChunkIndex()
    for (const base of await bases.list()) {
      if (base.id === except) continue
      const outline = await readOutline(base.folder, base.manifest).catch(() => undefined)
      if (outline !== undefined) index.#add(base, outline)
    }
    return index
  }

  /** Where chunks of that hash lie. */
  places(hash: ChunkHash): readonly ChunkPlace[] {
    return this.#places.get(hash) ?? []
  }

  /** Files here that have the chunks of file number `file` of `outline`; none for an empty file. */
  files(outline: Outline, file: number): readonly FilePlace[] {
    return this.#files.get(keyOf(outline, file)) ?? []
  }

  async close(): Promise<void> {
    for (const source of this.#sources) await source.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #add(base: StoredBase, outline: Outline): void {
    const source = BaseSource.of(base.folder, outline)
    this.#sources.push(source)
    for (let index = 0; index < outline.count; index++)
      addTo(this.#places, outline.hash(index), { base, source, index })
    for (const [file, { path, size }] of outline.manifest.files.entries())
      if (size > 0) addTo(this.#files, keyOf(outline, file), { base, path })
  }
}

function addTo<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const there = map.get(key)
  if (there === undefined) map.set(key, [value])
  else there.push(value)
}

/** Equal for files with the same chunks in the same order. */
function keyOf(outline: Outline, file: number): string {
  const { lengths, hashes } = outline.list(file)
  return `${lengths.join()} ${Buffer.from(hashes).toString('base64')}`
}
