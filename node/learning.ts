/**
 * What this node learns and says: trains an adapter from its own history (planning.ts, training.ts), measures it on what
 * it was never trained on, and generates with it. It joins history, base, trainer and sealed store; each room keeps its
 * own rules.
 */
import { OppuError } from '../protocol/errors.ts'
import { type AdapterId, type BaseId, shortId } from '../protocol/ids.ts'
import type { TaskMetric } from '../protocol/task.ts'
import { type OpenedBase, openBase } from './base/open.ts'
import { type Evaluation, evaluate } from './eval/evaluate.ts'
import { describeQuantized, isComparable, quantizedLoss } from './eval/quantized-loss.ts'
import { TokenGenerator } from './generate/generator.ts'
import type { Sampling } from './generate/sampler.ts'
import type { DeviceChoice } from './graph/device.ts'
import type { QuantizedPrecision, WeightPrecision } from './model/quantized.ts'
import { type LoadedAdapter, loadAdapter } from './peft/index.ts'
import { messagesOf, promptIds, split } from './personal/examples.ts'
import type { History, HistoryItem } from './personal/history.ts'
import { type PlannedRun, planRun, type RunPlan, type RunRequest } from './planning.ts'
import type { AdapterRecord } from './store/adapter-record.ts'
import type { Adapters } from './store/adapters.ts'
import type { Bases, StoredBase } from './store/bases.ts'
import type { Checkpoints } from './store/checkpoints.ts'
import type { Runs } from './store/runs.ts'
import type { RunEstimate } from './train/estimate.ts'
import type { TrainStep } from './train/trainer.ts'
import { carryOut, estimate, type RunOptions, type TrainReport } from './training.ts'

interface Waiting {
  readonly device?: DeviceChoice
  readonly signal?: AbortSignal
  readonly onNote?: (text: string) => void
}

export interface TrainRequest extends Waiting, RunRequest, RunOptions {
  /** An id, its first digits, or a name; may be left out where there is one base only. */
  readonly base?: string
  /** Told once, before the first step. */
  readonly onPlan?: (plan: RunPlan) => void
}

export interface EvaluateRequest extends Waiting {
  /** Only history items of this task. */
  readonly only?: string
  /** What is held out and measured; a coordinator's task says the same. */
  readonly holdOut: number
  readonly metric: TaskMetric
  /** Adapters by id, first digits, or `latest`. */
  readonly own: string
  readonly other?: string
  readonly onProgress?: (done: number, total: number) => void
}

export interface OwnEvaluation extends Evaluation {
  readonly adapter: AdapterId
  readonly base: BaseId
}

export interface GenerateRequest extends Waiting {
  readonly prompt: string
  readonly base?: string
  /** An id, its first digits, `latest`, or `none` for the base alone. */
  readonly adapter: string
  /** Continue the text as it is, without the chat template. */
  readonly raw?: boolean
  readonly maxTokens?: number
  readonly seed?: number
  readonly sampling?: Partial<Sampling>
}

export interface LearningParts {
  readonly bases: Bases
  readonly history: History
  readonly adapters: Adapters
  readonly checkpoints: Checkpoints
  readonly runs: Runs
}

export class Learning {
  readonly #parts: LearningParts

  constructor(parts: LearningParts) {
    this.#parts = parts
  }

  /**
   * Yields every step. The adapter is sealed, stored, and put in use if it is not worse than what is in use, when all is
   * done; a run that is cut short before goes on when the same is asked for again.
   * @throws OppuError NOT_FOUND, AMBIGUOUS; those of `planRun`, `carryOut` and `openBase`; the signal's reason.
   */
  async *train(request: TrainRequest): AsyncGenerator<TrainStep, TrainReport> {
    const { adapters, checkpoints, runs } = this.#parts
    const { planned, base } = await this.#planned(request)
    return yield* carryOut(planned, { adapters, checkpoints, runs, base }, request)
  }

  /**
   * What the same request to `train` would take, in memory and time, without training or storing anything.
   * @throws OppuError NOT_FOUND, AMBIGUOUS; OUT_OF_MEMORY where it would be refused; those of `planRun` and `openBase`; the
   *   signal's reason.
   */
  async estimate(request: TrainRequest): Promise<RunEstimate> {
    const { planned } = await this.#planned(request)
    return await estimate(planned, this.#parts, request)
  }

  async #planned(request: TrainRequest): Promise<{ planned: PlannedRun; base: OpenedBase }> {
    const { bases, history, adapters } = this.#parts
    const stored = await bases.find(request.base)
    const precision = request.config?.precision
    const quantized = precision === 'q8' || precision === 'q4' ? precision : undefined
    // All of the run is over the same weights: whoever asks for few bits may not have room for float32.
    const base = await this.#openBase(stored, request, quantized)
    const items = await history.list(request.only === undefined ? {} : { task: request.only })
    if (items.length === 0 && request.only !== undefined)
      throw new OppuError('NO_USABLE_ITEMS', `there is no history of task ${JSON.stringify(request.only)}`)
    const planned = await planRun(adapters, base, items, request)
    request.onPlan?.(planned.plan)
    if (quantized !== undefined) {
      const { lot } = planned
      const known = lot.heldOut.length > 0 ? lot.heldOut : items
      await this.#tellQuantized(stored, base, quantized, known, request)
    }
    return { planned, base }
  }

  /**
   * Measures on the newest items, less any that the own adapter was trained on or that told it when to stop.
   * @throws OppuError NO_USABLE_ITEMS, NOT_FOUND, AMBIGUOUS, BASE_MISMATCH; the signal's reason.
   */
  async evaluate(request: EvaluateRequest): Promise<OwnEvaluation> {
    const { adapters, bases, history } = this.#parts
    const own = await adapters.find(request.own, request.only === undefined ? {} : { only: request.only })
    const other = request.other === undefined ? undefined : await adapters.find(request.other)
    const stored = await bases.get(own.baseId)
    if (stored === undefined)
      throw new OppuError('NOT_FOUND', `the adapter's base ${shortId(own.baseId)} is not on this node`)
    const base = await this.#openBase(stored, request)
    const seen = new Set([...own.itemIds, ...own.validationIds])
    const all = await history.list(request.only === undefined ? {} : { task: request.only })
    if (all.length === 0) throw new OppuError('NO_USABLE_ITEMS', 'there is no history to score on')
    const items = split(all, request.holdOut).heldOut.filter(({ id }) => !seen.has(id))
    if (items.length === 0) {
      throw new OppuError('NO_USABLE_ITEMS', 'the adapter was trained on every item that should be held out')
    }
    const load = async (record: AdapterRecord): Promise<LoadedAdapter> => {
      const { files, manifest } = await adapters.get(record.id)
      return loadAdapter(files, base, { manifest })
    }
    const { metric, onProgress, device, signal } = request
    const evaluation = await evaluate({
      base,
      items,
      own: await load(own),
      ...(other === undefined ? {} : { other: await load(other) }),
      metric,
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(device === undefined ? {} : { device }),
      ...(signal === undefined ? {} : { signal }),
    })
    return { ...evaluation, adapter: own.id, base: base.id }
  }

  /** Yields text as it comes. @throws OppuError NOT_FOUND, AMBIGUOUS, BASE_MISMATCH; the signal's reason. */
  async *generate(request: GenerateRequest): AsyncGenerator<string> {
    const { adapters, bases } = this.#parts
    const record = await this.#answering(request)
    const stored = await bases.find(request.base ?? record?.baseId)
    const base = await this.#openBase(stored, request)
    const { tokenizer } = base
    let adapter: LoadedAdapter | undefined
    if (record) {
      const { files, manifest } = await adapters.get(record.id)
      adapter = loadAdapter(files, base, { manifest })
    }
    const prompt = request.raw
      ? tokenizer.encode(request.prompt, { specialTokens: true })
      : promptIds(messagesOf({ input: request.prompt }), base)
    const { maxTokens, seed, sampling, device, signal } = request
    await using generator = await TokenGenerator.open({
      base,
      ...(adapter === undefined ? {} : { first: adapter }),
      ...(device === undefined ? {} : { device }),
      ...(signal === undefined ? {} : { signal }),
    })
    const ids: number[] = []
    let told = ''
    for await (const id of generator.generate({
      prompt,
      stop: tokenizer.eosIds,
      ...(adapter === undefined ? {} : { adapter }),
      ...(maxTokens === undefined ? {} : { maxTokens }),
      ...(seed === undefined ? {} : { seed }),
      ...sampling,
      ...(signal === undefined ? {} : { signal }),
    })) {
      ids.push(id)
      const text = tokenizer.decode(ids, { skipSpecialTokens: true })
      // A character may take several tokens; until it is whole it decodes to the replacement character.
      if (text.endsWith('\uFFFD')) continue
      yield text.slice(told.length)
      told = text
    }
    const rest = tokenizer.decode(ids, { skipSpecialTokens: true }).slice(told.length)
    if (rest !== '') yield rest
  }

  /** The adapter to answer through; the base answers alone where it is the one in use. */
  async #answering({ adapter, base, onNote }: GenerateRequest): Promise<AdapterRecord | undefined> {
    const { adapters, bases } = this.#parts
    if (adapter === 'none') return undefined
    const filter = base === undefined ? {} : { baseId: (await bases.find(base)).id }
    if (adapter !== 'latest') return adapters.find(adapter)
    const current = await adapters.current(filter)
    if (current !== undefined && current.record === undefined) {
      onNote?.('no adapter is in use: the base answers alone (oppu adapter list)')
      return undefined
    }
    return adapters.find(adapter, filter)
  }

  /** Says what few bits cost on the person's own items. */
  async #tellQuantized(
    stored: StoredBase,
    base: OpenedBase,
    precision: QuantizedPrecision,
    items: readonly HistoryItem[],
    waiting: Waiting,
  ): Promise<void> {
    if (!isComparable(base)) {
      waiting.onNote?.(
        `${precision}: not compared with float32, whose weights are too large to map beside these`,
      )
      return
    }
    const exact = () => this.#openBase(stored, waiting)
    const found = await quantizedLoss(base, exact, items, waiting.signal)
    if (found !== undefined) waiting.onNote?.(describeQuantized(precision, found))
  }

  #openBase(
    base: StoredBase,
    { onNote, signal }: Waiting,
    precision: WeightPrecision = 'float32',
  ): Promise<OpenedBase> {
    let told = false
    return openBase(base.folder, base.manifest, {
      precision,
      onProgress: () => {
        if (!told) onNote?.(`preparing the weights of ${base.manifest.name} (once)`)
        told = true
      },
      ...(signal === undefined ? {} : { signal }),
    })
  }
}
