/**
 * What a node notes about an adapter beside its sealed file: where it comes from, what it was trained on, how it did.
 * Storing the notes is adapters.ts's business; making them is that of whoever trains and measures.
 */
import { OppuError } from '../../protocol/errors.ts'
import { type AdapterId, type BaseId, shortId } from '../../protocol/ids.ts'

/** A point of a training curve. Records of earlier versions have step and loss alone. */
export interface CurvePoint {
  /** Updates done, from 1. */
  readonly step: number
  /** Mean negative log-likelihood per label of this update, before it. */
  readonly loss: number
  readonly learningRate?: number
  /** Before clipping. */
  readonly gradientNorm?: number
  /** Mean negative log-likelihood per label of the validation items, where they were measured after this update. */
  readonly validationLoss?: number
}

/** Trained on this node, or taken in sealed from elsewhere. */
export type AdapterOrigin = 'trained' | 'imported'

/** Which adapters another was trained on from. */
export interface Lineage {
  /** Parent, its parent, and so on to the root; empty for the first of a line. Some may have been removed since. */
  readonly ancestors: readonly AdapterId[]
  /** From 1, one more than any other of its slot had when it was made. */
  readonly version: number
}

/** How answers of a few held-out prompts look, beside the gold ones; see eval/degeneration.ts. */
export interface AnswerCounts {
  readonly answers: number
  /** Answers that are caught in a loop; empty; without an end; far longer than the gold answer, as those without an end are. */
  readonly looping: number
  readonly empty: number
  readonly endless: number
  readonly tooLong: number
  /** Answers that are any of these. */
  readonly bad: number
}

/** An adapter's worth on the newest items, which neither it nor its predecessor was trained on. */
export interface Measured {
  readonly items: number
  /** Tokens of their gold answers. */
  readonly tokens: number
  /** Mean natural log-likelihood per token of the gold answers: of the base, */
  readonly base: number
  /** of the adapter that was in use before, where there was one, */
  readonly before?: number
  /** and of this one. */
  readonly after: number
  /** Items on which this one is better or worse than what was in use before (the base, where there was none). */
  readonly better: number
  readonly worse: number
  /** Two-sided p of the sign test on these. */
  readonly signP: number
  /** Its own answers; absent where its likelihood had settled the matter. */
  readonly answers?: AnswerCounts
  /** The base's, made only where its own looked bad. */
  readonly baseAnswers?: AnswerCounts
}

/**
 * What became of a newly trained adapter: in use; or not, because no step made it better than what it began from, it is
 * worse than the base, answers worse than the base, or is worse than the adapter in use. `unmeasured`: nothing was held
 * out that fits the base; it is in use.
 */
export type Verdict = 'used' | 'unmeasured' | 'unimproved' | 'below-base' | 'degenerate' | 'below-parent'

/** Whether an adapter is put in use with its verdict, and in words why one is not in use. */
export const VERDICTS: Readonly<Record<Verdict, { readonly isUsed: boolean; readonly reason: string }>> = {
  used: { isUsed: true, reason: 'another was chosen since' },
  unmeasured: { isUsed: true, reason: 'another was chosen since' },
  unimproved: { isUsed: false, reason: 'no step made it better on the items that tell when to stop' },
  'below-base': { isUsed: false, reason: 'on the newest items it is worse than the base' },
  degenerate: {
    isUsed: false,
    reason:
      'its answers, unlike those of the base, repeat themselves, are empty, far too long or without an end',
  },
  'below-parent': { isUsed: false, reason: 'on the newest items it is worse than the adapter in use' },
}

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
  /** Every history item that it or one of its ancestors was trained on; empty where that is not known. */
  readonly itemIds: readonly string[]
  /** Items that were not trained on but chose when to stop. */
  readonly validationIds: readonly string[]
  /** The task whose items it was trained on; absent: all. */
  readonly only?: string
  readonly lineage: Lineage
  readonly measured?: Measured
  readonly verdict?: Verdict
  /** Tells runs apart: items, base, parent and every setting. */
  readonly run?: string
}

/** What only whoever makes an adapter knows of it. */
export type AdapterRemarks = Partial<
  Pick<
    AdapterRecord,
    'curve' | 'origin' | 'itemIds' | 'validationIds' | 'only' | 'measured' | 'verdict' | 'run'
  >
> & {
  /** Default: the first of its line. */
  readonly lineage?: Lineage
}

/** A place for one adapter in use: a base, and the items of one task or all. */
export interface Slot {
  readonly baseId: BaseId
  readonly only?: string
}

/** An adapter as a person is told of it. */
export function versionOf({ id, lineage }: AdapterRecord): string {
  return `version ${lineage.version} (${shortId(id)})`
}

/** The adapter that it was trained on from; undefined for the first of a line. */
export function parentOf({ lineage }: AdapterRecord): AdapterId | undefined {
  return lineage.ancestors[0]
}

/** The first of its line. */
export function rootOf({ id, lineage }: AdapterRecord): AdapterId {
  return lineage.ancestors.at(-1) ?? id
}

export function slotOf({ baseId, only }: AdapterRecord): Slot {
  return only === undefined ? { baseId } : { baseId, only }
}

export function encodeRecord(record: AdapterRecord): Uint8Array {
  return Buffer.from(JSON.stringify(record), 'utf8')
}

/** The lineage of an adapter that was trained from nothing, or of which nothing else is known. */
export const FIRST: Lineage = { ancestors: [], version: 1 }

/** Reads records of earlier versions too, which had no lineage. @throws OppuError INVALID_DATA. */
export function decodeRecord(bytes: Uint8Array): AdapterRecord {
  let value: Partial<AdapterRecord> & Pick<AdapterRecord, 'id'>
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw new OppuError('INVALID_DATA', "an adapter's record cannot be read", { cause })
  }
  return { validationIds: [], lineage: FIRST, ...value } as AdapterRecord
}

/** Every list reads all records: a run of a million steps keeps its shape, not its points. */
const MAX_CURVE = 1000

/** Measured validation losses are few, and the point of some curves: those points stay as far as there is room. */
export function thinned(curve: readonly CurvePoint[]): readonly CurvePoint[] {
  if (curve.length <= MAX_CURVE) return curve
  const measured = curve.filter(({ validationLoss }) => validationLoss !== undefined)
  const kept = new Set(measured.length <= MAX_CURVE / 2 ? measured : [])
  const every = Math.ceil(curve.length / (MAX_CURVE - 1 - kept.size))
  return curve.filter((point, index) => kept.has(point) || index % every === 0 || index === curve.length - 1)
}
