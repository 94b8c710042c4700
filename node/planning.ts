/**
 * What a training run of this node would be, decided before its first step: which items it gets and which adapter it goes
 * on from. Carrying it out is training.ts's matter; what is new among the items, `personal/continual.ts`'s.
 */
import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { AdapterManifest } from '../protocol/adapter.ts'
import { isOppuError, OppuError } from '../protocol/errors.ts'
import type { AdapterId, BaseId } from '../protocol/ids.ts'
import { DEFAULT_HOLD_OUT } from '../protocol/task.ts'
import type { OpenedBase } from './base/open.ts'
import type { DeviceChoice } from './graph/device.ts'
import { type LoadedAdapter, loadAdapter, type MethodName, methods, parseMethodName } from './peft/index.ts'
import { DEFAULT_REPLAY, drawLot, type Encoded, type Lot, NO_PAST, type Past } from './personal/continual.ts'
import { toExamples } from './personal/examples.ts'
import type { HistoryItem } from './personal/history.ts'
import { type AdapterRecord, type Lineage, type Slot, VERDICTS, versionOf } from './store/adapter-record.ts'
import type { Adapters } from './store/adapters.ts'
import { parseTrainConfig, type TrainConfig } from './train/config.ts'
import { type Example, runIdOf, type TrainOptions } from './train/trainer.ts'

export interface RunRequest {
  /** Default: that of the adapter that is trained further, or lora. */
  readonly method?: MethodName
  /** Options of the method; of an adapter that is trained further they are what they are, and others are refused. */
  readonly methodConfig?: Readonly<Record<string, unknown>>
  readonly config?: Partial<TrainConfig>
  /** Share of the items, the newest, that is not trained on. */
  readonly holdOut?: number
  /** Only history items of this task. */
  readonly only?: string
  /** Start from nothing although there is an adapter in use. */
  readonly fresh?: boolean
  /** Share of the run's items that are older ones again. */
  readonly replay?: number
  /** Share of the new items that tells when to stop; 0: none. Default: a tenth, where there are twenty or more. */
  readonly validation?: number
  readonly device?: DeviceChoice
  /** Bytes that the process may take, about; default: what the system can give it. A run that needs more is refused. */
  readonly maxMemory?: number
  readonly signal?: AbortSignal
  readonly onNote?: (text: string) => void
}

/** What a run is going to do, in numbers. */
export interface RunPlan {
  readonly base: BaseId
  readonly method: MethodName
  readonly version: number
  /** The adapter that is trained further. */
  readonly parent?: AdapterId
  /** Items that are new; older ones again; those that tell when to stop; those kept back; new ones that are too long. */
  readonly fresh: number
  readonly replayed: number
  readonly validation: number
  readonly heldOut: number
  readonly leftOut: number
}

/** All of a run but its steps. */
export interface PlannedRun {
  readonly plan: RunPlan
  readonly slot: Slot
  readonly lot: Lot
  readonly options: TrainOptions
  readonly lineage: Lineage
  /** What its ancestors were trained on. */
  readonly pastIds: readonly string[]
  /** The adapter in use, which the new one must not be worse than: the parent, or for a fresh start whatever is there. */
  readonly rival: Rival | undefined
  /** Names the run: 64 hex digits. The same items, settings and parent have the same. */
  readonly id: string
}

/** An adapter that is trained further. */
interface Parent {
  readonly record: AdapterRecord
  readonly manifest: AdapterManifest
  readonly adapter: LoadedAdapter
}

export interface Rival {
  readonly record: AdapterRecord
  /** undefined: it cannot be read any more, which a fresh start does not mind. */
  readonly adapter: LoadedAdapter | undefined
}

/**
 * @throws OppuError NO_USABLE_ITEMS; NOTHING_NEW; UNKNOWN_CONFIGURATION; INVALID_ARGUMENT, also when an adapter that is to
 *   be trained further was made with other options; those of reading it.
 */
export async function planRun(
  adapters: Adapters,
  base: OpenedBase,
  items: readonly HistoryItem[],
  request: RunRequest,
): Promise<PlannedRun> {
  const { only, device, maxMemory, signal } = request
  const slot: Slot = { baseId: base.id, ...(only === undefined ? {} : { only }) }
  const config = parseTrainConfig(request.config ?? {})
  const current = await adapters.inUse(slot)
  const parent = request.fresh || current === undefined ? undefined : await parentOf(adapters, base, current)
  const rival = parent ?? (current && { record: current, adapter: await readable(adapters, base, current) })
  const { method, methodConfig } = methodOf(request, parent, base)
  const peers = (await adapters.list()).filter(
    record => record.origin === 'trained' && record.baseId === base.id && record.only === only,
  )
  const version = 1 + Math.max(0, ...peers.map(({ lineage }) => lineage.version))
  const ancestors = parent === undefined ? [] : [parent.record.id, ...parent.record.lineage.ancestors]
  const maxLength = Math.min(config.maxLength, base.config.maxPositions)
  const lot = await drawLot(items, parent === undefined ? NO_PAST : pastOf(parent.record), {
    holdOut: request.holdOut ?? DEFAULT_HOLD_OUT,
    replay: request.replay ?? DEFAULT_REPLAY,
    validation: request.validation,
    seed: config.seed,
    generation: ancestors.length,
    encode: chosen => encode(chosen, base, maxLength, request),
  })
  if (lot === undefined)
    throw new OppuError('NOTHING_NEW', `${versionOf(current!)} has seen every item it may see`)
  if (parent !== undefined && lot.heldOut.length === 0)
    throw new OppuError(
      'NO_USABLE_ITEMS',
      `${versionOf(parent.record)} has seen every item that is kept back: a next one could not be measured`,
    )
  const options: TrainOptions = {
    base,
    method,
    methodConfig,
    examples: lot.examples,
    validation: lot.validation,
    config,
    ...(parent === undefined ? {} : { initial: parametersOf(parent) }),
    ...(device === undefined ? {} : { device }),
    ...(maxMemory === undefined ? {} : { maxMemory }),
    ...(signal === undefined ? {} : { signal }),
  }
  const id = createHash('sha256')
    .update(JSON.stringify([runIdOf(options), parent?.record.id ?? null]))
    .digest('hex')
  const twin = peers.findLast(({ run }) => run === id)
  if (twin !== undefined && !request.fresh)
    throw new OppuError(
      'NOTHING_NEW',
      `${versionOf(twin)} is of the same items and settings; it is not in use: ${VERDICTS[twin.verdict ?? 'used'].reason} (oppu adapter use takes it)`,
    )
  return {
    plan: {
      base: base.id,
      method,
      version,
      ...(parent === undefined ? {} : { parent: parent.record.id }),
      fresh: lot.fresh,
      replayed: lot.replayed,
      validation: lot.validation.length,
      heldOut: lot.heldOut.length,
      leftOut: lot.leftOut,
    },
    slot,
    lot,
    options,
    lineage: { ancestors, version },
    pastIds: parent?.record.itemIds ?? [],
    rival,
    id,
  }
}

/** Items whose tokens are made in one go, and from how many on a person is told of it. */
const PIECE = 256
const MANY = 5000

/** Lets others have their turn between pieces: of a hundred thousand items it takes a minute. */
async function encode(
  items: readonly HistoryItem[],
  base: OpenedBase,
  maxLength: number,
  { onNote, signal }: RunRequest,
): Promise<Encoded> {
  if (items.length > MANY) onNote?.(`reading ${items.length} items`)
  const [examples, leftOut]: [Example[], string[]] = [[], []]
  for (let from = 0; from < items.length; from += PIECE) {
    await setImmediate()
    signal?.throwIfAborted()
    const piece = toExamples(items.slice(from, from + PIECE), base, { maxLength })
    examples.push(...piece.examples)
    leftOut.push(...piece.leftOut)
  }
  return { examples, leftOut }
}

async function parentOf(adapters: Adapters, base: OpenedBase, record: AdapterRecord): Promise<Parent> {
  const { files, manifest } = await adapters.get(record.id)
  return { record, manifest, adapter: loadAdapter(files, base, { manifest }) }
}

async function readable(
  adapters: Adapters,
  base: OpenedBase,
  record: AdapterRecord,
): Promise<LoadedAdapter | undefined> {
  try {
    return (await parentOf(adapters, base, record)).adapter
  } catch (error) {
    if (isOppuError(error)) return undefined
    throw error
  }
}

function pastOf({ itemIds, validationIds }: AdapterRecord): Past {
  return { trained: new Set(itemIds), validation: new Set(validationIds) }
}

function methodOf(
  request: RunRequest,
  parent: Parent | undefined,
  base: OpenedBase,
): { readonly method: MethodName; readonly methodConfig: Readonly<Record<string, unknown>> } {
  const asked = request.methodConfig ?? {}
  if (parent === undefined) return { method: request.method ?? 'lora', methodConfig: asked }
  const { manifest, record } = parent
  const anew = `; --fresh starts anew`
  const method = parseMethodName(manifest.method)
  if (request.method !== undefined && request.method !== method)
    throw new OppuError(
      'INVALID_ARGUMENT',
      `${versionOf(record)}, the adapter in use, was made by ${method} and is not trained further by ${request.method}${anew}`,
    )
  const made = manifest.config.method
  if (typeof made !== 'object' || made === null || Array.isArray(made))
    throw new OppuError(
      'INVALID_ARGUMENT',
      `${versionOf(record)}, the adapter in use, does not say with which options it was made${anew}`,
    )
  const prepare = (options: object) => methods[method].prepare(options, base.config, base.tokenizer).options
  const [before, now] = [prepare(made), prepare({ ...made, ...asked })]
  const changed = Object.keys(asked).filter(key => JSON.stringify(now[key]) !== JSON.stringify(before[key]))
  if (changed.length > 0)
    throw new OppuError(
      'INVALID_ARGUMENT',
      `${versionOf(record)}, the adapter in use, is trained further as it is: ${changed
        .map(key => `its ${key} is ${before[key]}, not ${now[key]}`)
        .join(', ')}${anew}`,
    )
  return { method, methodConfig: before }
}

function parametersOf({ adapter }: Parent): Map<string, Float32Array> {
  return new Map([...adapter.tensors].map(([name, { data }]) => [name, data]))
}
