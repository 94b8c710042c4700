/**
 * A whole base of which some chunks are damaged, as a sink for those alone: what is right stays where it is.
 *
 * A file that another base has too (sharing.ts links them) is never changed in place: its chunks go into a new file
 * beside it, which takes its name at the end, and the other base keeps what it had. So it is with a file that is gone.
 * Anything else is written in place, since the bytes there are wrong in any case. Cut short, what was put right stays
 * right. Rejected: pulling the base again (it would fetch all of it), and a new file every time (twice the space).
 */
import { constants, copyFile, type FileHandle, mkdir, open, rename, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { OppuError } from '../../protocol/errors.ts'
import type { Outline } from '../../protocol/outline.ts'
import { absent, diskError, syncFolder } from './atomic-file.ts'
import { BaseSource, type StoredBase } from './bases.ts'
import { type ChunkSink, FILES_FOLDER, SPARE_BYTES } from './chunks.ts'

interface OpenFile {
  readonly handle: FileHandle
  readonly path: string
  /** Where its bytes are until the end, when they are not in place. */
  readonly beside: string | undefined
}

export class BaseRepair implements ChunkSink {
  readonly outline: Outline
  readonly #folder: string
  readonly #source: BaseSource
  readonly #damaged: Set<number>
  readonly #files = new Map<number, Promise<OpenFile>>()
  #closed = false

  private constructor(folder: string, outline: Outline, damaged: readonly number[]) {
    this.#folder = folder
    this.outline = outline
    this.#source = BaseSource.of(folder, outline)
    this.#damaged = new Set(damaged)
  }

  /** `damaged`: as BaseSource.damaged() found them. The caller closes it. @throws OppuError DISK_FULL. */
  static async open(base: StoredBase, outline: Outline, damaged: readonly number[]): Promise<BaseRepair> {
    const repair = new BaseRepair(base.folder, outline, damaged)
    let needed = SPARE_BYTES
    for (const file of new Set(damaged.map(chunk => outline.fileOf(chunk))))
      if (!(await repair.#inPlace(file))) needed += outline.manifest.files[file]!.size
    const { bavail, bsize } = await statfs(base.folder)
    if (needed > bavail * bsize)
      throw new OppuError('DISK_FULL', `the repair of ${base.manifest.name} needs ${needed} bytes of space`)
    return repair
  }

  get complete(): boolean {
    return this.#damaged.size === 0
  }

  /** Numbers of the chunks that are still damaged. */
  get missing(): readonly number[] {
    return [...this.#damaged]
  }

  has(index: number): boolean {
    return this.outline.length(index) > 0 && !this.#damaged.has(index)
  }

  /** @throws OppuError NOT_FOUND for a chunk that is damaged, and as BaseSource.read. */
  async read(index: number): Promise<Uint8Array> {
    if (!this.has(index)) throw new OppuError('NOT_FOUND', `chunk ${index} is damaged here`)
    return await this.#source.read(index)
  }

  /** @throws OppuError DISK_FULL, CLOSED. */
  async take(index: number, bytes: Uint8Array): Promise<boolean> {
    if (this.#closed) throw new OppuError('CLOSED', 'the repair is closed')
    if (this.has(index)) return true
    if (!this.outline.matches(index, bytes)) return false
    const { file, offset } = this.outline.chunk(index)
    let opening = this.#files.get(file)
    if (opening === undefined) {
      opening = this.#open(file)
      this.#files.set(file, opening)
    }
    try {
      const { handle } = await opening
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, offset + at)
        at += bytesWritten
      }
    } catch (error) {
      throw diskError(error, this.#folder)
    }
    this.#damaged.delete(index)
    return true
  }

  /** @throws OppuError INVALID_DATA when chunks are still damaged. */
  async finish(): Promise<void> {
    await this.close()
    if (!this.complete)
      throw new OppuError(
        'INVALID_DATA',
        `${this.#damaged.size} chunks of base ${this.outline.id} are damaged`,
      )
  }

  /** Puts what was written in its place, also when it is not all. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#source.close()
    for (const opening of await Promise.allSettled(this.#files.values())) {
      if (opening.status === 'rejected') continue
      const { handle, path, beside } = opening.value
      await handle.sync()
      await handle.close()
      if (beside === undefined) continue
      await rename(beside, path)
      await syncFolder(dirname(path))
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #open(file: number): Promise<OpenFile> {
    const { size } = this.outline.manifest.files[file]!
    const path = this.#path(file)
    if (await this.#inPlace(file)) return { handle: await open(path, 'r+'), path, beside: undefined }
    const beside = `${path}.repair`
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await rm(beside, { force: true })
    await copyFile(path, beside, constants.COPYFILE_FICLONE).catch(error => absent(error, undefined))
    const handle = await open(beside, constants.O_RDWR | constants.O_CREAT, 0o600)
    await handle.truncate(size)
    return { handle, path, beside }
  }

  async #inPlace(file: number): Promise<boolean> {
    const info = await stat(this.#path(file)).catch(error => absent(error, undefined))
    return info?.nlink === 1 && info.size === this.outline.manifest.files[file]!.size
  }

  #path(file: number): string {
    return join(this.#folder, FILES_FOLDER, ...this.outline.manifest.files[file]!.path.split('/'))
  }
}
