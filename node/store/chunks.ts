/**
 * A base's files while they arrive: verified chunks in place, and a note of which are there.
 *
 * `<bases>/.<id>.partial/` holds `manifest`, `files/…` at full (sparse) size, and `verified`, a bit a chunk. A bit
 * is saved only after its chunk was hashed, written and synced, so after kill -9 or a power cut a set bit may be
 * believed and a clear one means nothing. The bitmap is rewritten whole and atomically (a base of 16 GiB has 2 KiB
 * of it), every 64 chunks or every second, and on suspend(): so much is fetched again after a crash. finish()
 * hashes nothing again, syncs, and renames the folder to `<bases>/<id>`. Whoever fetches calls has() and write(), which
 * takes no bare bytes: a HashedChunk's hash was computed from its bytes, by the fetcher, which has to know at once whom to
 * drop; here it is held against the manifest, so that nothing can reach the disk unchecked and nothing is hashed twice;
 * that chunks come from several peers, or twice, does not matter here. One process at a time: the caller holds the
 * database's lock. Rejected: one file per chunk (a copy at the end, twice the space), and hashing what a crash left
 * behind (slower than the network for a sparse file of many GiB, and it would save a second of it).
 */
import { constants, type FileHandle, mkdir, open, readFile, rename, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { OppuError } from '../../protocol/errors.ts'
import type { BaseId } from '../../protocol/ids.ts'
import {
  type BaseManifest,
  baseBytes,
  baseId,
  chunkRange,
  encodeManifest,
  type HashedChunk,
} from '../../protocol/manifest.ts'
import { absent, diskError, errorCode, syncFolder, writeFileAtomic } from './atomic-file.ts'

export const MANIFEST_FILE = 'manifest'
export const FILES_FOLDER = 'files'
const VERIFIED_FILE = 'verified'
const SAVE_CHUNKS = 64
const SAVE_AT_MOST_EVERY_MS = 250
const SAVE_AT_LEAST_EVERY_MS = 1000
/** Left free for the database, the operating system and the next person. */
const SPARE_BYTES = 32 << 20

/** The unfinished folder of a base; its dot keeps it out of every listing. */
export function partialFolder(bases: string, id: BaseId): string {
  return join(bases, `.${id}.partial`)
}

export class ChunkFolder {
  readonly id: BaseId
  /** Chunks found verified when the folder was opened: what a resumed fetch saves. */
  readonly resumedChunks: number
  readonly #manifest: BaseManifest
  readonly #bases: string
  readonly #handles: readonly FileHandle[]
  readonly #starts: readonly number[]
  readonly #total: number
  readonly #verified: Uint8Array
  /** Written but not yet synced and saved as verified. */
  #unsaved = 0
  #savedAt = performance.now()
  #saving: Promise<void> = Promise.resolve()
  #inFlight = new Set<Promise<void>>()
  #state: 'open' | 'finished' | 'closed' = 'open'

  private constructor(
    bases: string,
    manifest: BaseManifest,
    handles: readonly FileHandle[],
    verified: Uint8Array,
  ) {
    this.#bases = bases
    this.#manifest = manifest
    this.#handles = handles
    this.#verified = verified
    this.id = baseId(manifest)
    let total = 0
    this.#starts = manifest.files.map(file => {
      const start = total
      total += file.chunks.length
      return start
    })
    this.#total = total
    this.resumedChunks = this.verifiedChunks
  }

  /**
   * Opens the unfinished base in `bases` (`<home>/bases`), new or from an earlier attempt. The caller closes it.
   * @throws OppuError DISK_FULL before the first byte when what is missing does not fit, INVALID_DATA for a bad
   * manifest.
   */
  static async open(bases: string, manifest: BaseManifest): Promise<ChunkFolder> {
    const canonical = encodeManifest(manifest)
    const folder = partialFolder(bases, baseId(manifest))
    const handles: FileHandle[] = []
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const verified = await readVerified(folder, manifest)
      await checkSpace(folder, manifest, verified)
      await writeFileAtomic(join(folder, MANIFEST_FILE), canonical)
      for (const file of manifest.files) {
        const path = join(folder, FILES_FOLDER, ...file.path.split('/'))
        await mkdir(dirname(path), { recursive: true, mode: 0o700 })
        const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)
        handles.push(handle)
        await handle.truncate(file.size)
      }
      return new ChunkFolder(bases, manifest, handles, verified)
    } catch (error) {
      for (const handle of handles) await handle.close()
      throw diskError(error, folder)
    }
  }

  get totalChunks(): number {
    return this.#total
  }

  get verifiedChunks(): number {
    let count = 0
    for (let i = 0; i < this.#total; i++) if (this.#isSet(i)) count++
    return count
  }

  /** Bytes of the verified chunks. */
  get verifiedBytes(): number {
    return this.#manifest.files.reduce(
      (sum, file, f) =>
        sum +
        file.chunks.reduce(
          (inFile, _, c) => inFile + (this.has(f, c) ? chunkRange(this.#manifest, file, c).length : 0),
          0,
        ),
      0,
    )
  }

  /** Whether that chunk was verified and written. Both are indexes into the manifest. */
  has(file: number, chunk: number): boolean {
    return this.#isSet(this.#position(file, chunk))
  }

  /**
   * Writes one chunk if its hash is the manifest's; writing one that is there already does nothing.
   * @throws OppuError HASH_MISMATCH (nothing is written), DISK_FULL, CLOSED.
   */
  async write(file: number, chunk: number, { bytes, hash }: HashedChunk): Promise<void> {
    if (this.#state !== 'open')
      throw new OppuError('CLOSED', `the folder of base ${this.id} is ${this.#state}`)
    const position = this.#position(file, chunk)
    if (this.#isSet(position)) return
    const entry = this.#manifest.files[file]!
    const { offset, length } = chunkRange(this.#manifest, entry, chunk)
    if (bytes.length !== length || hash !== entry.chunks[chunk]) {
      throw new OppuError('HASH_MISMATCH', `chunk ${chunk} of ${entry.path} does not match its hash`)
    }
    const work = this.#writeAt(file, position, offset, bytes)
    this.#inFlight.add(work)
    try {
      await work
    } finally {
      this.#inFlight.delete(work)
    }
  }

  /** Makes what was written count after a crash: syncs the files, then the bitmap. */
  async suspend(): Promise<void> {
    await Promise.allSettled(this.#inFlight)
    await this.#save()
  }

  /**
   * The base is whole: moves it to `<bases>/<id>` in one rename. The folder is closed then.
   * @throws OppuError INVALID_DATA when chunks are missing.
   */
  async finish(): Promise<void> {
    if (this.#state === 'finished') return
    if (this.#state === 'closed') throw new OppuError('CLOSED', `the folder of base ${this.id} is closed`)
    await this.suspend()
    const missing = this.totalChunks - this.verifiedChunks
    if (missing > 0) throw new OppuError('INVALID_DATA', `${missing} chunks of base ${this.id} are missing`)
    this.#state = 'finished'
    await this.#closeHandles()
    const folder = partialFolder(this.#bases, this.id)
    const folders = new Set([
      folder,
      ...this.#manifest.files.map(({ path }) => dirname(join(folder, FILES_FOLDER, path))),
    ])
    for (const path of folders) await syncFolder(path)
    await moveIntoPlace(folder, join(this.#bases, this.id))
    await rm(join(this.#bases, this.id, VERIFIED_FILE), { force: true })
    await syncFolder(this.#bases)
  }

  /** Keeps what is verified for the next attempt. May be called twice, and after finish(). */
  async close(): Promise<void> {
    if (this.#state !== 'open') return
    this.#state = 'closed'
    try {
      await this.suspend()
    } finally {
      await this.#closeHandles()
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #writeAt(file: number, position: number, offset: number, bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await this.#handles[file]!.write(bytes, at, bytes.length - at, offset + at)
        at += bytesWritten
      }
    } catch (error) {
      throw diskError(error, `base ${this.id}`)
    }
    this.#verified[position >> 3]! |= 1 << (position & 7)
    this.#unsaved++
    const elapsed = performance.now() - this.#savedAt
    if (
      elapsed >= SAVE_AT_LEAST_EVERY_MS ||
      (elapsed >= SAVE_AT_MOST_EVERY_MS && this.#unsaved >= SAVE_CHUNKS)
    ) {
      await this.#save()
    }
  }

  /** One save at a time; each covers the bits set when it starts. */
  #save(): Promise<void> {
    this.#saving = this.#saving
      .catch(() => undefined)
      .then(async () => {
        const unsaved = this.#unsaved
        if (unsaved === 0) return
        const bits = Uint8Array.from(this.#verified)
        try {
          for (const handle of this.#handles) await handle.datasync()
          await writeFileAtomic(join(partialFolder(this.#bases, this.id), VERIFIED_FILE), bits)
        } catch (error) {
          throw diskError(error, `base ${this.id}`)
        }
        this.#unsaved -= unsaved
        this.#savedAt = performance.now()
      })
    return this.#saving
  }

  async #closeHandles(): Promise<void> {
    for (const handle of this.#handles) await handle.close()
  }

  #isSet(position: number): boolean {
    return ((this.#verified[position >> 3] ?? 0) & (1 << (position & 7))) !== 0
  }

  #position(file: number, chunk: number): number {
    const start = this.#starts[file]
    const chunks = this.#manifest.files[file]?.chunks.length ?? 0
    if (start === undefined || !Number.isInteger(chunk) || chunk < 0 || chunk >= chunks) {
      throw new TypeError(`the manifest has no chunk ${chunk} in file ${file}`)
    }
    return start + chunk
  }
}

/** The bitmap of an earlier attempt, believed only where the files themselves are still there at full size. */
async function readVerified(folder: string, manifest: BaseManifest): Promise<Uint8Array> {
  const chunks = manifest.files.reduce((sum, file) => sum + file.chunks.length, 0)
  const none = new Uint8Array(Math.ceil(chunks / 8))
  try {
    const bits = await readFile(join(folder, VERIFIED_FILE))
    if (bits.length !== none.length) return none
    for (const file of manifest.files) {
      const { size } = await stat(join(folder, FILES_FOLDER, ...file.path.split('/')))
      if (size !== file.size) return none
    }
    return Uint8Array.from(bits)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return none
    throw error
  }
}

async function checkSpace(folder: string, manifest: BaseManifest, verified: Uint8Array): Promise<void> {
  let there = 0
  let position = 0
  for (const file of manifest.files) {
    for (let chunk = 0; chunk < file.chunks.length; chunk++, position++) {
      if (verified[position >> 3]! & (1 << (position & 7))) there += chunkRange(manifest, file, chunk).length
    }
  }
  const needed = baseBytes(manifest) - there + SPARE_BYTES
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (needed > free) {
    throw new OppuError(
      'DISK_FULL',
      `the base needs ${mebibytes(needed)} MiB, and ${mebibytes(free)} MiB are free at ${folder}`,
    )
  }
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
