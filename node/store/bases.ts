/**
 * The bases on disk: `<home>/bases/<id>/manifest` (canonical bytes) and `files/…`, as the source had them; beside a
 * version-2 manifest its `outline`.
 *
 * A base counts as there when its folder has its final name: imports (node/base) and fetches (chunks.ts) build it
 * under a dotted name and rename. The id is checked against the manifest on every read; the files' bytes are
 * checked where they are used: chunk by chunk by whoever fetches, and by verify(). What else lies in the folder
 * (node/base keeps `weights.f32` there) is derived and never provided to anyone.
 */
import { type FileHandle, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isOppuError, OppuError, only } from '../../protocol/errors.ts'
import { type BaseId, parseId } from '../../protocol/ids.ts'
import { type BaseManifest, baseId, decodeManifest } from '../../protocol/manifest.ts'
import type { Outline } from '../../protocol/outline.ts'
import { absent, errorCode } from './atomic-file.ts'
import { type ChunkSource, FILES_FOLDER, MANIFEST_FILE, partialFolder } from './chunks.ts'
import { demandOutline } from './outlines.ts'
import { PromptIo } from './prompt-io.ts'

export interface StoredBase {
  readonly id: BaseId
  readonly manifest: BaseManifest
  /** `<home>/bases/<id>` */
  readonly folder: string
}

const ID_FOLDER = /^[0-9a-f]{64}$/

export class Bases {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  /** `folder` is `<home>/bases`; it need not exist. */
  static open(folder: string): Bases {
    return new Bases(folder)
  }

  /** By name, then id. What is no whole base is left out (leftovers.ts lists it): one damaged manifest hides no other. */
  async list(): Promise<StoredBase[]> {
    const names = await readdir(this.folder).catch(error => absent(error, []))
    const bases: StoredBase[] = []
    for (const name of names.filter(name => ID_FOLDER.test(name))) {
      const base = await this.get(name as BaseId).catch(error => {
        if (isOppuError(error)) return undefined
        throw error
      })
      if (base) bases.push(base)
    }
    return bases.sort((a, b) =>
      a.manifest.name < b.manifest.name ? -1 : a.manifest.name > b.manifest.name ? 1 : a.id < b.id ? -1 : 1,
    )
  }

  /** `undefined` when it is not here. @throws OppuError HASH_MISMATCH, INVALID_DATA when its manifest is damaged. */
  async get(id: BaseId): Promise<StoredBase | undefined> {
    const folder = join(this.folder, parseId<BaseId>(id, 'base id'))
    const bytes = await readFile(join(folder, MANIFEST_FILE)).catch(error => absent(error, undefined))
    if (bytes === undefined) return undefined
    const manifest = decodeManifest(bytes)
    if (baseId(manifest) !== id)
      throw new OppuError('HASH_MISMATCH', `the manifest of base ${id} is another base's`)
    return { id, manifest, folder }
  }

  /**
   * The base that `text` names (a whole id, its first digits, or a name); without it, the only one there is.
   * @throws OppuError NOT_FOUND, AMBIGUOUS.
   */
  async find(text?: string): Promise<StoredBase> {
    const bases = await this.list()
    if (bases.length === 0)
      throw new OppuError(
        'NOT_FOUND',
        'there is no base on this node yet: oppu base import, or oppu base pull',
      )
    if (text === undefined) return only(bases, 'the base to use')
    return only(
      bases.filter(({ id, manifest }) => id.startsWith(text.toLowerCase()) || manifest.name === text),
      `base ${text} here`,
    )
  }

  /** What providing needs; the caller closes it. @throws OppuError NOT_FOUND. */
  async source(id: BaseId): Promise<BaseSource> {
    const base = await this.get(id)
    if (!base) throw new OppuError('NOT_FOUND', `there is no base ${id} here`)
    return await BaseSource.open(base)
  }

  /** Deletes the base and any unfinished one of that id; false when there was neither. */
  async remove(id: BaseId): Promise<boolean> {
    const folder = join(this.folder, parseId<BaseId>(id, 'base id'))
    const partial = partialFolder(this.folder, id)
    const there = (await exists(folder)) || (await exists(partial))
    await rm(partial, { recursive: true, force: true })
    const doomed = join(this.folder, `.${id}.removed`)
    await rm(doomed, { recursive: true, force: true })
    await rename(folder, doomed).catch(error => absent(error, undefined))
    await rm(doomed, { recursive: true, force: true })
    return there
  }
}

/** Reads a stored base chunk by chunk, with its files kept open. */
export class BaseSource implements ChunkSource {
  readonly outline: Outline
  readonly complete = true
  readonly #folder: string
  readonly #handles = new Map<number, Promise<FileHandle>>()
  readonly #io = new PromptIo()
  #closed = false

  private constructor(folder: string, outline: Outline) {
    this.#folder = folder
    this.outline = outline
  }

  /** @throws OppuError INVALID_DATA, HASH_MISMATCH when its list of chunks is gone or damaged. */
  static async open(base: StoredBase): Promise<BaseSource> {
    return new BaseSource(base.folder, await demandOutline(base.folder, base.manifest))
  }

  /** Files in `<folder>/files` that may or may not be those of a base. */
  static of(folder: string, outline: Outline): BaseSource {
    return new BaseSource(folder, outline)
  }

  has(index: number): boolean {
    return this.outline.length(index) > 0
  }

  /**
   * The bytes of one chunk, unverified: the other side checks them anyway.
   * @throws OppuError NOT_FOUND, TRUNCATED_FILE, CLOSED; TypeError when there is no such chunk.
   */
  async read(index: number): Promise<Uint8Array<ArrayBuffer>> {
    const { file, offset, length } = this.outline.chunk(index)
    if (this.#closed) throw new OppuError('CLOSED', `base ${this.outline.id} is closed`)
    const { path } = this.outline.manifest.files[file]!
    let opening = this.#handles.get(file)
    if (!opening) {
      opening = this.#open(file, path)
      this.#handles.set(file, opening)
    }
    return await this.#io.read(await opening, offset, length, `${path} of base ${this.outline.id}`)
  }

  /**
   * Hashes one file, chunk by chunk; `onProgress` hears how many of its bytes were right so far.
   * @throws as read(), and OppuError HASH_MISMATCH naming it; the signal's reason.
   */
  async verify(file: number, signal?: AbortSignal, onProgress?: (bytes: number) => void): Promise<void> {
    let bytes = 0
    for (let index = this.outline.firstOf(file); index < this.outline.firstOf(file + 1); index++) {
      signal?.throwIfAborted()
      if (!this.outline.matches(index, await this.read(index))) {
        const { path } = this.outline.manifest.files[file]!
        throw new OppuError('HASH_MISMATCH', `${path} of base ${this.outline.id} is damaged (chunk ${index})`)
      }
      bytes += this.outline.length(index)
      onProgress?.(bytes)
    }
  }

  /**
   * Hashes everything: the numbers of the chunks that are not what they should be, for whatever reason.
   * @throws the signal's reason; CLOSED.
   */
  async damaged(options: {
    readonly onProgress?: (bytes: number) => void
    readonly signal?: AbortSignal | undefined
  }): Promise<number[]> {
    const found: number[] = []
    let bytes = 0
    for (let index = 0; index < this.outline.count; index++) {
      options.signal?.throwIfAborted()
      const right = await this.read(index).then(
        content => this.outline.matches(index, content),
        (error: unknown) => {
          if (isOppuError(error, 'CLOSED')) throw error
          return false // gone, cut short, or a sector that cannot be read
        },
      )
      if (!right) found.push(index)
      bytes += this.outline.length(index)
      options.onProgress?.(bytes)
    }
    return found
  }

  async close(): Promise<void> {
    this.#closed = true
    const handles = [...this.#handles.values()]
    this.#handles.clear()
    for (const opening of await Promise.allSettled(handles))
      if (opening.status === 'fulfilled') await opening.value.close()
  }

  async #open(file: number, path: string): Promise<FileHandle> {
    try {
      return await open(join(this.#folder, FILES_FOLDER, ...path.split('/')), 'r')
    } catch (cause) {
      this.#handles.delete(file) // it may be there at the next try
      if (errorCode(cause) !== 'ENOENT') throw cause
      throw new OppuError('NOT_FOUND', `${path} of base ${this.outline.id} is gone`, { cause })
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(error => absent(error, undefined))) !== undefined
}
