/**
 * The user's adapters: sealed files in `<home>/adapters/<id>.oppu`, and a sealed record of each in the database.
 *
 * The file is written first and the record second, so a record always has its file; a file whose record is missing
 * (a crash between the two) is not listed and is replaced when the same adapter is put again. A file is sealed for
 * its owner only; export() seals a copy for somebody else, import() takes such a copy in under one's own key. The
 * id is that of the whole content (protocol/adapter.ts) and checked at every get(), so neither a sealed file nor one
 * file in it, its configuration say, can be exchanged on disk.
 */
import { createReadStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { adapterId } from '../../protocol/adapter.ts'
import { OppuError, only } from '../../protocol/errors.ts'
import { type AdapterId, type BaseId, parseId } from '../../protocol/ids.ts'
import { type ByteSource, errorCode, writeFileAtomic } from './atomic-file.ts'
import type { Database } from './db.ts'
import { sealAdapter, type UnsealedAdapter, unsealAdapter } from './sealed-file.ts'
import type { Vault } from './vault.ts'

/** A point of a training curve: optimizer step and its loss. */
export interface CurvePoint {
  readonly step: number
  readonly loss: number
}

/** Trained on this node, or taken in sealed from elsewhere. */
export type AdapterOrigin = 'trained' | 'imported'

export interface AdapterRecord {
  readonly id: AdapterId
  readonly baseId: BaseId
  readonly method: string
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly trainedItems: number
  /** Bytes of the adapter's files, unsealed. */
  readonly size: number
  /** At most `MAX_CURVE` points, the first and the last among them. */
  readonly curve: readonly CurvePoint[]
  readonly origin: AdapterOrigin
  /** The history items it was trained on; empty where that is not known. */
  readonly itemIds: readonly string[]
}

type Remarks = {
  readonly curve?: readonly CurvePoint[]
  /** Default: trained. */
  readonly origin?: AdapterOrigin
  readonly itemIds?: readonly string[]
  readonly signal?: AbortSignal
}

export class Adapters {
  readonly #folder: string
  readonly #db: Database
  readonly #vault: Vault

  private constructor(folder: string, db: Database, vault: Vault) {
    this.#folder = folder
    this.#db = db
    this.#vault = vault
  }

  /** `folder` is `<home>/adapters`. A view on all three; nothing is closed with it. */
  static open(folder: string, db: Database, vault: Vault): Adapters {
    return new Adapters(folder, db, vault)
  }

  /** Seals and stores an adapter; putting the same one again replaces file and record. @throws OppuError DISK_FULL. */
  async put(adapter: UnsealedAdapter, remarks: Remarks = {}): Promise<AdapterRecord> {
    const { manifest, files } = adapter
    const record: AdapterRecord = {
      id: adapterId(manifest, files),
      baseId: manifest.baseId,
      method: manifest.method,
      createdAt: manifest.createdAt,
      trainedItems: manifest.trainedItems,
      size: [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0),
      curve: thinned(remarks.curve ?? []),
      origin: remarks.origin ?? 'trained',
      itemIds: remarks.itemIds ?? [],
    }
    const sealed = sealAdapter(files, manifest, [this.#vault.recipient])
    await writeFileAtomic(this.path(record.id), sealed, remarks.signal ? { signal: remarks.signal } : {})
    const value = Buffer.from(JSON.stringify(record), 'utf8')
    try {
      await this.#db.adapters.put(record.id, this.#vault.seal(`adapters/${record.id}`, value))
    } catch (error) {
      // Without its record nobody would find the file again; one that had a record before keeps both.
      if ((await this.record(record.id).catch(() => record)) === undefined) await rm(this.path(record.id))
      throw error
    }
    return record
  }

  /** Oldest first. */
  async list(): Promise<AdapterRecord[]> {
    const records: AdapterRecord[] = []
    for await (const [id, sealed] of this.#db.adapters.entries()) records.push(this.#unseal(id, sealed))
    return records.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
  }

  async record(id: AdapterId): Promise<AdapterRecord | undefined> {
    const sealed = await this.#db.adapters.get(id)
    return sealed === undefined ? undefined : this.#unseal(id, sealed)
  }

  /**
   * The adapter that `text` names: a whole id, its first digits, or `latest` for the newest that was trained here.
   * @throws OppuError NOT_FOUND, AMBIGUOUS.
   */
  async find(text: string): Promise<AdapterRecord> {
    const adapters = await this.list()
    if (text === 'latest') {
      const latest = adapters.findLast(({ origin }) => origin === 'trained')
      if (latest === undefined)
        throw new OppuError('NOT_FOUND', 'no adapter was trained on this node yet: oppu train')
      return latest
    }
    return only(
      adapters.filter(({ id }) => id.startsWith(text.toLowerCase())),
      `adapter ${text}`,
    )
  }

  /** @throws OppuError NOT_FOUND; CORRUPT_ADAPTER, also when the file is another adapter's. */
  async get(id: AdapterId, options: { readonly signal?: AbortSignal } = {}): Promise<UnsealedAdapter> {
    const path = this.path(id)
    if ((await this.record(id)) === undefined) throw new OppuError('NOT_FOUND', `there is no adapter ${id}`)
    const adapter = await unsealFile(path, this.#vault, options)
    if (adapterId(adapter.manifest, adapter.files) !== id)
      throw new OppuError('CORRUPT_ADAPTER', `${path} holds another adapter than its name says`)
    return adapter
  }

  /** A copy sealed for `recipients` (`oppu1…`), piece by piece. @throws as get(), and INVALID_ARGUMENT. */
  async *export(
    id: AdapterId,
    recipients: readonly string[],
    options: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<Uint8Array> {
    const { files, manifest } = await this.get(id, options)
    yield* sealAdapter(files, manifest, recipients)
  }

  /**
   * Takes in an adapter that was sealed for this vault. Of one that is here already, a backup say, the record stays:
   * only it knows where the adapter came from and which items it was trained on.
   * @throws OppuError CORRUPT_ADAPTER, NOT_A_RECIPIENT, DISK_FULL.
   */
  async import(source: ByteSource | string, remarks: Remarks = {}): Promise<AdapterRecord> {
    const options = remarks.signal ? { signal: remarks.signal } : {}
    const adapter =
      typeof source === 'string'
        ? await unsealFile(source, this.#vault, options)
        : await unsealAdapter(source, this.#vault, options)
    const known = await this.record(adapterId(adapter.manifest, adapter.files))
    return this.put(adapter, { origin: 'imported', ...known, ...remarks })
  }

  /** Forgets the adapter and deletes its file; false when there was none. */
  async remove(id: AdapterId): Promise<boolean> {
    const there = (await this.#db.adapters.get(id)) !== undefined
    await this.#db.adapters.remove(id)
    await rm(this.path(id), { force: true })
    return there
  }

  /** Size of the sealed file. */
  async sealedBytes(id: AdapterId): Promise<number> {
    return (await stat(this.path(id))).size
  }

  /** Where the sealed file of an adapter is. */
  path(id: AdapterId): string {
    return join(this.#folder, `${parseId<AdapterId>(id, 'adapter id')}.oppu`)
  }

  #unseal(id: string, sealed: Uint8Array): AdapterRecord {
    return JSON.parse(
      Buffer.from(this.#vault.unseal(`adapters/${id}`, sealed)).toString('utf8'),
    ) as AdapterRecord
  }
}

/** Every list reads all records: a run of a million steps keeps its shape, not its points. */
const MAX_CURVE = 1000

function thinned(curve: readonly CurvePoint[]): readonly CurvePoint[] {
  const every = Math.ceil(curve.length / (MAX_CURVE - 1))
  return curve.length <= MAX_CURVE
    ? curve
    : curve.filter((_, index) => index % every === 0 || index === curve.length - 1)
}

/** Opens a sealed file on disk. @throws as unsealAdapter(), and NOT_FOUND. */
async function unsealFile(
  path: string,
  vault: Vault,
  options: { readonly signal?: AbortSignal } = {},
): Promise<UnsealedAdapter> {
  try {
    const { size } = await stat(path)
    return await unsealAdapter(createReadStream(path, { highWaterMark: 1 << 20 }), vault, {
      ...options,
      sourceBytes: size,
    })
  } catch (error) {
    if (errorCode(error) === 'ENOENT')
      throw new OppuError('NOT_FOUND', `there is no file ${path}`, { cause: error })
    if (errorCode(error) === 'EISDIR')
      throw new OppuError('INVALID_ARGUMENT', `${path} is a folder`, { cause: error })
    throw error
  }
}
