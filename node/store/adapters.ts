/**
 * The user's adapters: sealed files in `<home>/adapters/<id>.oppu`, and a sealed record of each in the database.
 *
 * The file is written first and the record second, so a record always has its file; a file whose record is missing
 * (a crash between the two) is not listed and is replaced when the same adapter is put again. A file is sealed for
 * its owner only; export() seals a copy for somebody else, import() takes such a copy in under one's own key. The
 * id is that of the whole content (protocol/adapter.ts) and checked at every get(), so neither a sealed file nor one
 * file in it, its configuration say, can be exchanged on disk.
 *
 * One adapter for each base and task is in use (in-use.ts); which one, is written with the record that makes it so, in
 * one batch. A damaged record costs its adapter alone: the others are listed, and its file can be taken in again.
 */
import { createReadStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { adapterId } from '../../protocol/adapter.ts'
import { type ErrorCode, isOppuError, OppuError, only } from '../../protocol/errors.ts'
import { type AdapterId, parseId, shortId } from '../../protocol/ids.ts'
import {
  type AdapterRecord,
  type AdapterRemarks,
  decodeRecord,
  encodeRecord,
  FIRST,
  parentOf,
  type Slot,
  slotOf,
  thinned,
  VERDICTS,
  versionOf,
} from './adapter-record.ts'
import { type ByteSource, errorCode, writeFileAtomic } from './atomic-file.ts'
import type { Database, Write } from './db.ts'
import { InUse } from './in-use.ts'
import { sealAdapter, type UnsealedAdapter, unsealAdapter } from './sealed-file.ts'
import type { Vault } from './vault.ts'

/** An adapter whose record cannot be read. */
export interface DamagedRecord {
  readonly id: AdapterId
  readonly code: ErrorCode
  readonly message: string
}

/** What is in use in a slot: an adapter, or the base alone. */
export interface Current {
  readonly slot: Slot
  readonly record: AdapterRecord | undefined
}

/** Narrows down which slots are meant: those of a base; that of a task, where there is one. */
export type SlotFilter = Partial<Slot>

type PutOptions = AdapterRemarks & {
  /** Put it in use in its slot, in the same batch. */
  readonly use?: boolean
  readonly signal?: AbortSignal
}

export class Adapters {
  readonly #folder: string
  readonly #db: Database
  readonly #vault: Vault
  readonly #inUse: InUse

  private constructor(folder: string, db: Database, vault: Vault) {
    this.#folder = folder
    this.#db = db
    this.#vault = vault
    this.#inUse = new InUse(db, vault)
  }

  /** `folder` is `<home>/adapters`. A view on all three; nothing is closed with it. */
  static open(folder: string, db: Database, vault: Vault): Adapters {
    return new Adapters(folder, db, vault)
  }

  /** Seals and stores an adapter; putting the same one again replaces file and record. @throws OppuError DISK_FULL. */
  async put(adapter: UnsealedAdapter, options: PutOptions = {}): Promise<AdapterRecord> {
    const record = recordOf(adapter, options)
    const sealed = sealAdapter(adapter.files, adapter.manifest, [this.#vault.recipient])
    await writeFileAtomic(this.path(record.id), sealed, options.signal ? { signal: options.signal } : {})
    const value = this.#vault.seal(`adapters/${record.id}`, encodeRecord(record))
    const writes: Write[] = [{ table: 'adapters', key: record.id, value }]
    if (options.use) writes.push(this.#choice(slotOf(record), record.id))
    try {
      await this.#db.batch(writes)
    } catch (error) {
      // Without its record nobody would find the file again; one that had a record before keeps both.
      if ((await this.record(record.id).catch(() => record)) === undefined) await rm(this.path(record.id))
      throw error
    }
    return record
  }

  /** Oldest first; damaged ones are left out. */
  async list(): Promise<AdapterRecord[]> {
    return (await this.#read()).records
  }

  /** Those that list() leaves out. */
  async damaged(): Promise<DamagedRecord[]> {
    return (await this.#read()).damaged
  }

  /** @throws OppuError INVALID_DATA when the record is damaged. */
  async record(id: AdapterId): Promise<AdapterRecord | undefined> {
    const sealed = await this.#db.adapters.get(id)
    return sealed === undefined ? undefined : this.#unseal(id, sealed)
  }

  /**
   * The adapter that `text` names: a whole id, its first digits, or `latest` for the one in use (see current()).
   * @throws OppuError NOT_FOUND, AMBIGUOUS; INVALID_DATA when its record is damaged.
   */
  async find(text: string, filter: SlotFilter = {}): Promise<AdapterRecord> {
    if (text === 'latest') {
      const current = await this.current(filter)
      if (current?.record !== undefined) return current.record
      throw new OppuError(
        'NOT_FOUND',
        current === undefined
          ? 'no adapter was trained on this node yet: oppu train'
          : 'no adapter is in use, the base is: oppu adapter list shows which there are, oppu adapter use takes one',
      )
    }
    const id = await this.resolve(text)
    const record = await this.record(id)
    if (record === undefined) throw new OppuError('NOT_FOUND', `there is no adapter ${text}`)
    return record
  }

  /** The id that starts with `text`, also where its record is damaged. @throws OppuError NOT_FOUND, AMBIGUOUS. */
  async resolve(text: string): Promise<AdapterId> {
    const ids: AdapterId[] = []
    for await (const id of this.#db.adapters.keys())
      if (id.startsWith(text.toLowerCase())) ids.push(id as AdapterId)
    return only(ids, `adapter ${text}`)
  }

  /**
   * What is in use. Where nothing was chosen for a slot, that is the newest adapter that was trained for it here and not
   * found wanting. Of several slots that the filter allows, the one that was decided last. undefined: no adapter was
   * ever trained here for any of them.
   */
  async current(filter: SlotFilter = {}): Promise<Current | undefined> {
    const slots = (await this.#slots()).filter(
      ({ slot }) => filter.baseId === undefined || slot.baseId === filter.baseId,
    )
    const exact = slots.filter(({ slot }) => slot.only === filter.only)
    const general = slots.filter(({ slot }) => slot.only === undefined)
    const allowed = filter.only === undefined ? slots : exact.length > 0 ? exact : general
    return allowed.toSorted((a, b) => a.since - b.since).at(-1)
  }

  /** The adapter in use in exactly this slot; undefined: the base alone. */
  async inUse(slot: Slot): Promise<AdapterRecord | undefined> {
    const found = (await this.#slots()).find(
      ({ slot: other }) => other.baseId === slot.baseId && other.only === slot.only,
    )
    return found?.record
  }

  /** The ids of all that are in use. */
  async allInUse(): Promise<ReadonlySet<AdapterId>> {
    return new Set((await this.#slots()).flatMap(({ record }) => (record === undefined ? [] : [record.id])))
  }

  /** Puts an adapter in use in its slot. @throws OppuError NOT_FOUND, INVALID_DATA. */
  async use(id: AdapterId): Promise<AdapterRecord> {
    const record = await this.record(id)
    if (record === undefined) throw new OppuError('NOT_FOUND', `there is no adapter ${id}`)
    await this.#db.batch([this.#choice(slotOf(record), id)])
    return record
  }

  /**
   * Puts the parent of an adapter in use in its stead, or the ancestor named.
   * @throws OppuError NOT_FOUND: it is the first of its line, or its parent was removed; INVALID_ARGUMENT: not an ancestor.
   */
  async rollback(from: AdapterRecord, to?: AdapterId): Promise<AdapterRecord> {
    if (to !== undefined && !from.lineage.ancestors.includes(to))
      throw new OppuError(
        'INVALID_ARGUMENT',
        `${shortId(to)} is no ancestor of ${versionOf(from)}, the adapter in use; oppu adapter use takes any`,
      )
    const target = to ?? parentOf(from)
    if (target === undefined)
      throw new OppuError(
        'NOT_FOUND',
        `${versionOf(from)} is the first of its line: there is nothing to go back to`,
      )
    return this.use(target)
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
   * only it knows where the adapter came from and which items it was trained on. A damaged record is written anew.
   * @throws OppuError CORRUPT_ADAPTER, NOT_A_RECIPIENT, DISK_FULL.
   */
  async import(source: ByteSource | string, remarks: PutOptions = {}): Promise<AdapterRecord> {
    const options = remarks.signal ? { signal: remarks.signal } : {}
    const adapter =
      typeof source === 'string'
        ? await unsealFile(source, this.#vault, options)
        : await unsealAdapter(source, this.#vault, options)
    const known = await this.record(adapterId(adapter.manifest, adapter.files)).catch(ignoreDamage)
    return this.put(adapter, { origin: 'imported', ...known, ...remarks })
  }

  /**
   * Forgets the adapter and deletes its file; false when there was none. Where it was in use, its nearest ancestor that
   * is still here is, or else the base.
   */
  async remove(id: AdapterId): Promise<boolean> {
    const there = (await this.#db.adapters.get(id)) !== undefined
    const ancestors = (await this.record(id).catch(ignoreDamage))?.lineage.ancestors ?? []
    const left = new Set((await this.list()).map(record => record.id))
    const heir = ancestors.find(ancestor => left.has(ancestor))
    const used = (await this.#inUse.list()).filter(({ adapter }) => adapter === id)
    await this.#db.batch([
      { table: 'adapters', key: id },
      ...used.map(({ slot }) => this.#choice(slot, heir)),
    ])
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

  #choice(slot: Slot, adapter: AdapterId | undefined): Write {
    return this.#inUse.write({ slot, adapter, since: Date.now() })
  }

  /** Every slot that was decided or trained for, with what is in use there and since when. */
  async #slots(): Promise<(Current & { readonly since: number })[]> {
    const { records } = await this.#read()
    const found = new Map<string, Current & { readonly since: number }>()
    const keyOf = ({ baseId, only }: Slot): string => JSON.stringify([baseId, only])
    for (const record of records.filter(({ origin }) => origin === 'trained')) {
      const slot = slotOf(record)
      const earlier = found.get(keyOf(slot))?.record
      const fit = VERDICTS[record.verdict ?? 'used'].isUsed
      found.set(keyOf(slot), { slot, record: fit ? record : earlier, since: record.createdAt })
    }
    for (const { slot, adapter, since } of await this.#inUse.list()) {
      const record = records.find(({ id }) => id === adapter)
      if (adapter === undefined || record !== undefined) found.set(keyOf(slot), { slot, record, since })
    }
    return [...found.values()]
  }

  async #read(): Promise<{ records: AdapterRecord[]; damaged: DamagedRecord[] }> {
    const records: AdapterRecord[] = []
    const damaged: DamagedRecord[] = []
    for await (const [id, sealed] of this.#db.adapters.entries()) {
      try {
        records.push(this.#unseal(id as AdapterId, sealed))
      } catch (error) {
        if (!isOppuError(error, 'INVALID_DATA')) throw error
        damaged.push({ id: id as AdapterId, code: error.code, message: error.message })
      }
    }
    records.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
    return { records, damaged }
  }

  #unseal(id: AdapterId, sealed: Uint8Array): AdapterRecord {
    try {
      return decodeRecord(this.#vault.unseal(`adapters/${id}`, sealed))
    } catch (cause) {
      if (!isOppuError(cause, 'INVALID_DATA')) throw cause
      throw new OppuError(
        'INVALID_DATA',
        `the record of adapter ${shortId(id)} is damaged: oppu adapter import takes its file in again (${this.path(id)})`,
        { cause },
      )
    }
  }
}

function recordOf({ manifest, files }: UnsealedAdapter, remarks: AdapterRemarks): AdapterRecord {
  const { only, measured, verdict, run } = remarks
  return {
    id: adapterId(manifest, files),
    baseId: manifest.baseId,
    method: manifest.method,
    createdAt: manifest.createdAt,
    trainedItems: manifest.trainedItems,
    size: [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0),
    curve: thinned(remarks.curve ?? []),
    origin: remarks.origin ?? 'trained',
    itemIds: remarks.itemIds ?? [],
    validationIds: remarks.validationIds ?? [],
    lineage: remarks.lineage ?? FIRST,
    ...(only === undefined ? {} : { only }),
    ...(measured === undefined ? {} : { measured }),
    ...(verdict === undefined ? {} : { verdict }),
    ...(run === undefined ? {} : { run }),
  }
}

function ignoreDamage(error: unknown): undefined {
  if (!isOppuError(error, 'INVALID_DATA')) throw error
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
