/**
 * A base's files while they arrive: verified chunks in place, and a note of which are there.
 *
 * `<bases>/.<id>.partial/` holds `manifest`, `outline` (beside a version-2 manifest), `files/…` at full (sparse) size,
 * and the notes of verified.ts: after kill -9 all but the chunks in flight is kept, after a power cut what was synced
 * (every second or so). finish() hashes nothing again, syncs, and renames the folder to `<bases>/<id>`; whoever was
 * reading goes on reading. Whoever fetches calls has() and take(), which answers whether the bytes were the chunk's:
 * they are hashed where they are written, so that nothing can reach the disk unchecked and nothing is hashed twice;
 * that chunks come from several peers, or twice, does not matter here. One process at a time: the caller holds the
 * database's lock. Rejected: one file per chunk (a copy at the end, twice the space), a thread for hashing and writing
 * (more CPU in all, no faster on two cores), and hashing what a crash left behind (slower than the network
 * for a sparse file of many GiB, and it would save a second of it).
 */
import { constants, type FileHandle, mkdir, open, readFile, rename, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { OppuError } from '../../protocol/errors.ts'
import type { BaseId } from '../../protocol/ids.ts'
import { encodeManifest } from '../../protocol/manifest.ts'
import type { Outline } from '../../protocol/outline.ts'
import { absent, diskError, errorCode, syncFolder, writeFileAtomic } from './atomic-file.ts'
import { writePulled } from './origin.ts'
import { writeOutline } from './outlines.ts'
import { PromptIo } from './prompt-io.ts'
import { Verified } from './verified.ts'

/** Chunks of one base that can be read here; all of them where it is `complete`. */
export interface ChunkSource {
  readonly outline: Outline
  readonly complete: boolean
  has(index: number): boolean
  /** The bytes of a chunk that is here, as they lie there: whoever gets them checks them. */
  read(index: number): Promise<Uint8Array>
  /** Calls `listener` for every chunk that arrives from now on; the answer ends that. */
  onArrival?(listener: (index: number) => void): () => void
}

/** Takes chunks of one base, and keeps what is right. */
export interface ChunkSink extends ChunkSource {
  /** False when these are not the chunk's bytes, of which nothing is kept then. They must not change until the answer. */
  take(index: number, bytes: Uint8Array): Promise<boolean>
  /** Called once, when every chunk is written. */
  finish(): Promise<void>
}

export const MANIFEST_FILE = 'manifest'
export const FILES_FOLDER = 'files'
/** So much unsynced, or so long, and a sync begins. */
const SYNC_BYTES = 256 << 20
const SYNC_MS = 1000
/** Left free for the database, the operating system and the next person. */
export const SPARE_BYTES = 32 << 20

/** The unfinished folder of a base; its dot keeps it out of every listing. */
export function partialFolder(bases: string, id: BaseId): string {
  return join(bases, `.${id}.partial`)
}

export class ChunkFolder implements ChunkSink {
  readonly id: BaseId
  readonly outline: Outline
  /** Chunks found verified when the folder was opened: what a resumed fetch saves. */
  readonly resumedChunks: number
  readonly #bases: string
  #handles: FileHandle[]
  readonly #verified: Verified
  #verifiedBytes: number
  readonly #listeners = new Set<(index: number) => void>()
  /** Written but not yet synced. */
  #unsynced = 0
  #syncedAt = performance.now()
  #syncing: Promise<void> | undefined
  #syncError: unknown
  readonly #inFlight = new Map<number, Promise<boolean>>()
  readonly #io = new PromptIo()
  /** While the folder moves, nobody reads. */
  #moving: Promise<void> = Promise.resolve()
  #state: 'open' | 'finished' | 'closed' = 'open'

  private constructor(bases: string, outline: Outline, handles: FileHandle[], verified: Verified) {
    this.#bases = bases
    this.outline = outline
    this.id = outline.id
    this.#handles = handles
    this.#verified = verified
    this.resumedChunks = verified.size
    this.#verifiedBytes = bytesOf(outline, verified)
  }

  /** Numbers of the files that an earlier attempt has begun: some of their chunks are there. Creates nothing. */
  static async verifiedFiles(bases: string, outline: Outline): Promise<Set<number>> {
    const verified = await readVerified(partialFolder(bases, outline.id), outline)
    const begun = new Set<number>()
    for (let i = 0; i < outline.count; i++) if (verified.has(i)) begun.add(outline.fileOf(i))
    return begun
  }

  /**
   * Opens the unfinished base in `bases` (`<home>/bases`), new or from an earlier attempt. The caller closes it.
   * `linked`: files that lie in its folder already, whole and verified by the caller. `as`: see origin.ts.
   * @throws OppuError DISK_FULL before the first byte when what is missing does not fit.
   */
  static async open(
    bases: string,
    outline: Outline,
    { linked = [], as }: { readonly linked?: readonly number[]; readonly as?: string } = {},
  ): Promise<ChunkFolder> {
    const folder = partialFolder(bases, outline.id)
    const handles: FileHandle[] = []
    let resumed: number | undefined
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const verified = await readVerified(folder, outline)
      resumed = verified.size
      for (const file of linked)
        for (let i = outline.firstOf(file); i < outline.firstOf(file + 1); i++) await verified.add(i)
      await checkSpace(folder, outline, verified)
      await writeFileAtomic(join(folder, MANIFEST_FILE), encodeManifest(outline.manifest))
      await writeOutline(folder, outline)
      for (const file of outline.manifest.files.keys()) {
        const whole = hasAll(outline, verified, file)
        handles.push(await openFile(folder, outline.manifest.files[file]!, whole))
      }
      await verified.open()
      await writePulled(folder, { at: Date.now(), ...(as === undefined ? {} : { as }) })
      return new ChunkFolder(bases, outline, handles, verified)
    } catch (error) {
      for (const handle of handles) await handle.close()
      if (resumed === 0) await rm(folder, { recursive: true, force: true }) // nothing to go on from
      throw diskError(error, folder)
    }
  }

  get totalChunks(): number {
    return this.outline.count
  }

  get verifiedChunks(): number {
    return this.#verified.size
  }

  get verifiedBytes(): number {
    return this.#verifiedBytes
  }

  get complete(): boolean {
    return this.#verified.size === this.outline.count
  }

  /** Whether that chunk was verified and written. */
  has(index: number): boolean {
    this.outline.length(index)
    return this.#verified.has(index)
  }

  onArrival(listener: (index: number) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * The bytes of a chunk that is here; also after finish(), until close().
   * @throws OppuError NOT_FOUND when it is not here, TRUNCATED_FILE, CLOSED; TypeError when there is no such chunk.
   */
  async read(index: number): Promise<Uint8Array> {
    const { file, offset, length } = this.outline.chunk(index)
    if (!this.#verified.has(index))
      throw new OppuError('NOT_FOUND', `chunk ${index} of base ${this.id} is not here yet`)
    await this.#moving
    const handle = this.#handles[file]
    if (handle === undefined) throw new OppuError('CLOSED', `the folder of base ${this.id} is closed`)
    return await this.#io.read(handle, offset, length, `${this.#pathOf(file)} of base ${this.id}`)
  }

  /**
   * Writes one chunk if its hash is the outline's; of one that is there already nothing is looked at.
   * @throws OppuError DISK_FULL, CLOSED; TypeError when there is no such chunk.
   */
  async take(index: number, bytes: Uint8Array): Promise<boolean> {
    while (this.#state === 'open' && !this.has(index)) {
      const before = this.#inFlight.get(index)
      if (before === undefined) return await this.#take(index, bytes)
      await before.catch(() => {}) // whoever began it is told
    }
    if (this.#state !== 'open')
      throw new OppuError('CLOSED', `the folder of base ${this.id} is ${this.#state}`)
    return true
  }

  async #take(index: number, bytes: Uint8Array): Promise<boolean> {
    const work = this.#write(index, bytes)
    this.#inFlight.set(index, work)
    try {
      return await work
    } finally {
      this.#inFlight.delete(index)
    }
  }

  /** Makes what was written count after a power cut: syncs the files, then the note. */
  async suspend(): Promise<void> {
    await Promise.allSettled(this.#inFlight.values())
    await this.#syncing
    if (this.#unsynced > 0) await this.#sync()
    this.#throwSyncError()
  }

  /**
   * The base is whole: moves it to `<bases>/<id>` in one rename. Nothing can be written then.
   * @throws OppuError INVALID_DATA when chunks are missing.
   */
  async finish(): Promise<void> {
    if (this.#state === 'finished') return
    if (this.#state === 'closed') throw new OppuError('CLOSED', `the folder of base ${this.id} is closed`)
    await this.suspend()
    const missing = this.totalChunks - this.verifiedChunks
    if (missing > 0) throw new OppuError('INVALID_DATA', `${missing} chunks of base ${this.id} are missing`)
    this.#state = 'finished'
    const moved = Promise.withResolvers<void>()
    this.#moving = moved.promise
    try {
      await this.#move()
    } finally {
      moved.resolve()
    }
  }

  /** Keeps what is verified for the next attempt. May be called twice, and after finish(). */
  async close(): Promise<void> {
    const unfinished = this.#state === 'open'
    this.#state = 'closed'
    try {
      await this.#moving
      if (unfinished) await this.suspend()
    } finally {
      await this.#closeHandles()
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #move(): Promise<void> {
    await this.#closeHandles() // there are systems that rename no folder with open files
    const from = partialFolder(this.#bases, this.id)
    const to = join(this.#bases, this.id)
    const { files } = this.outline.manifest
    const folders = new Set([from, ...files.map(({ path }) => dirname(join(from, FILES_FOLDER, path)))])
    for (const path of folders) await syncFolder(path)
    await moveIntoPlace(from, to)
    await Verified.remove(to)
    await syncFolder(this.#bases)
    for (const { path } of files) this.#handles.push(await open(join(to, FILES_FOLDER, path), 'r'))
  }

  async #write(index: number, bytes: Uint8Array): Promise<boolean> {
    this.#throwSyncError()
    if (!this.outline.matches(index, bytes)) return false
    const { file, offset } = this.outline.chunk(index)
    try {
      await this.#io.write(this.#handles[file]!, offset, bytes)
      await this.#verified.add(index)
    } catch (error) {
      throw diskError(error, `base ${this.id}`)
    }
    this.#verifiedBytes += bytes.length
    this.#unsynced += bytes.length
    if (this.#unsynced >= SYNC_BYTES || performance.now() - this.#syncedAt >= SYNC_MS) void this.#sync()
    for (const listener of this.#listeners) listener(index)
    return true
  }

  /** One at a time; each covers what was written when it began. Never rejects: the next write or suspend() does. */
  #sync(): Promise<void> {
    this.#syncing ??= this.#syncOnce()
      .catch(error => {
        this.#syncError ??= diskError(error, `base ${this.id}`)
      })
      .finally(() => {
        this.#syncing = undefined
        this.#syncedAt = performance.now()
      })
    return this.#syncing
  }

  async #syncOnce(): Promise<void> {
    const unsynced = this.#unsynced
    const bits = this.#verified.snapshot()
    for (const handle of this.#handles) await handle.datasync()
    await this.#verified.save(bits)
    this.#unsynced -= unsynced
  }

  #throwSyncError(): void {
    const error = this.#syncError
    this.#syncError = undefined
    if (error !== undefined) throw error
  }

  async #closeHandles(): Promise<void> {
    await this.#verified.close()
    for (const handle of this.#handles.splice(0)) await handle.close()
  }

  #pathOf(file: number): string {
    return this.outline.manifest.files[file]!.path
  }
}

/** One that is whole is opened for reading: it may be linked from another base, and nothing is left to write. */
async function openFile(
  folder: string,
  { path, size }: { readonly path: string; readonly size: number },
  whole: boolean,
): Promise<FileHandle> {
  const full = join(folder, FILES_FOLDER, ...path.split('/'))
  if (whole && size > 0) return await open(full, 'r')
  await mkdir(dirname(full), { recursive: true, mode: 0o700 })
  const there = await stat(full).catch(error => absent(error, undefined))
  if (there !== undefined && there.nlink > 1) await rm(full) // linked, and not noted before a crash
  const handle = await open(full, constants.O_RDWR | constants.O_CREAT, 0o600)
  try {
    await handle.truncate(size)
  } catch (error) {
    await handle.close()
    throw error
  }
  return handle
}

function hasAll(outline: Outline, verified: Verified, file: number): boolean {
  for (let i = outline.firstOf(file); i < outline.firstOf(file + 1); i++) if (!verified.has(i)) return false
  return true
}

/** The notes of an earlier attempt, believed only where the files themselves are still there at full size. */
async function readVerified(folder: string, outline: Outline): Promise<Verified> {
  const verified = await Verified.read(folder, outline.count)
  for (const [file, { path, size }] of outline.manifest.files.entries()) {
    const there = await stat(join(folder, FILES_FOLDER, path)).catch(error => absent(error, undefined))
    // One that has another name elsewhere must not be written to, so it has to be whole.
    if (there?.size === size && (there.nlink === 1 || hasAll(outline, verified, file))) continue
    for (let i = outline.firstOf(file); i < outline.firstOf(file + 1); i++) verified.delete(i)
  }
  return verified
}

async function checkSpace(folder: string, outline: Outline, verified: Verified): Promise<void> {
  const needed = outline.bytes - bytesOf(outline, verified) + SPARE_BYTES
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (needed > free) {
    throw new OppuError(
      'DISK_FULL',
      `the base needs ${mebibytes(needed)} MiB, and ${mebibytes(free)} MiB are free at ${folder}`,
    )
  }
}

function bytesOf(outline: Outline, verified: Verified): number {
  let bytes = 0
  for (let i = 0; i < outline.count; i++) if (verified.has(i)) bytes += outline.length(i)
  return bytes
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20)
}

/** Renames; where the base is there already (another process was faster), drops ours, and what is no base gives way. */
async function moveIntoPlace(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw diskError(error, to)
    const [ours, theirs] = await Promise.all(
      [from, to].map(path =>
        readFile(join(path, MANIFEST_FILE)).catch(missing => absent(missing, undefined)),
      ),
    )
    if (theirs !== undefined && ours?.equals(theirs)) return await rm(from, { recursive: true, force: true })
    await rm(to, { recursive: true, force: true })
    await rename(from, to)
  }
}
