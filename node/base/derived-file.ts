/**
 * Files that are made from a base once and kept beside it, such as its weights in another precision.
 *
 * What lies where in such a file follows from the configuration, so nothing about it has to be stored but the mark at its
 * end, which is written last: a file of the right size with the right mark is complete, and of this base. It is
 * written beside its final name and renamed, so a reader never meets half of one.
 */
import { open, rename, rm } from 'node:fs/promises'
import { OppuError } from '../../protocol/errors.ts'
import { type BaseId, idToBytes } from '../../protocol/ids.ts'
import { diskError } from '../store/atomic-file.ts'

export type Handle = Awaited<ReturnType<typeof open>>

/** So that rows start on a cache line. */
const ALIGNMENT = 64

export interface DerivedFile {
  readonly path: string
  /** Names the kind and version of the file. */
  readonly kind: string
  readonly id: BaseId
  /** Bytes before the mark. */
  readonly end: number
}

/** Whether the file is there, complete, and made from this base. */
export async function isDerived(file: DerivedFile): Promise<boolean> {
  const mark = markOf(file)
  try {
    await using handle = await open(file.path)
    const found = Buffer.alloc(mark.length)
    if ((await handle.stat()).size !== file.end + mark.length) return false
    await handle.read(found, 0, found.length, file.end)
    return found.equals(mark)
  } catch {
    return false
  }
}

/** Makes the file; `fill` writes what is before the mark. @throws OppuError DISK_FULL; what `fill` throws. `path` is untouched then. */
export async function derive(file: DerivedFile, fill: (target: Handle) => Promise<void>): Promise<void> {
  const { path, end } = file
  const temporary = `${path}.${process.pid}.tmp`
  try {
    await using target = await open(temporary, 'w', 0o600)
    await fill(target)
    await target.sync()
    await writeAt(target, markOf(file), end)
    await target.sync()
    await rename(temporary, path)
  } catch (error) {
    throw diskError(error, path)
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Hands out places in a file, one after the other. */
export class Places {
  #end = 0

  /** Where `length` bytes go. */
  take(length: number): number {
    const offset = this.#end
    this.#end = Math.ceil((offset + length) / ALIGNMENT) * ALIGNMENT
    return offset
  }

  get end(): number {
    return this.#end
  }
}

export async function writeAt(target: Handle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await target.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

/** @throws OppuError TRUNCATED_FILE naming what it is of. */
export async function readAt(
  input: Handle,
  length: number,
  position: number,
  name: string,
): Promise<Buffer<ArrayBuffer>> {
  const bytes = Buffer.alloc(length)
  for (let done = 0; done < length; ) {
    const { bytesRead } = await input.read(bytes, done, length - done, position + done)
    if (bytesRead === 0) throw new OppuError('TRUNCATED_FILE', `the source ends within the weight ${name}`)
    done += bytesRead
  }
  return bytes
}

function markOf({ kind, id }: DerivedFile): Buffer {
  return Buffer.concat([Buffer.from(kind.padEnd(16, '\0')), idToBytes(id)])
}
