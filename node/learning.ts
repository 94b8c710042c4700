/**
 * What this node learns and says: trains an adapter from its own history, measures it on what it was never trained on,
 * and generates with it. It joins history, base, trainer and sealed store; each room keeps its own rules.
 */
import { OppuError } from '../protocol/errors.ts'
import { type AdapterId, type BaseId, shortId } from '../protocol/ids.ts'
import { DEFAULT_HOLD_OUT, type TaskMetric } from '../protocol/task.ts'
import { type OpenedBase, openBase } from './base/open.ts'
import { type Evaluation, evaluate } from './eval/evaluate.ts'
import { TokenGenerator } from './generate/generator.ts'
import type { Sampling } from './generate/sampler.ts'
import type { DeviceChoice } from './graph/device.ts'
import type { DeviceAccount } from './graph/session.ts'
import { type LoadedAdapter, loadAdapter, type MethodName } from './peft/index.ts'
import { messagesOf, promptIds, split, toExamples } from './personal/examples.ts'
import type { History } from './personal/history.ts'
import type { AdapterRecord } from './store/adapter-record.ts'
import type { Adapters } from './store/adapters.ts'
import type { Bases, StoredBase } from './store/bases.ts'
import type { TrainConfig } from './train/config.ts'
import { type TrainStep, train } from './train/trainer.ts'

interface Waiting {
  readonly device?: DeviceChoice
  readonly signal?: AbortSignal
  readonly onNote?: (text: string) => void
}

export interface TrainRequest extends Waiting {
  /** An id, its first digits, or a name; may be left out where there is one base only. */
  readonly base?: string
  readonly method?: MethodName
  readonly methodConfig?: Readonly<Record<string, unknown>>
  readonly config?: Partial<TrainConfig>
  /** Share of the items, the newest, that is not trained on. */
  readonly holdOut?: number
  /** Only history items of this task. */
  readonly only?: string
}

export interface TrainReport {
  readonly adapter: AdapterId
  readonly base: BaseId
  readonly device: DeviceAccount
  /** Items trained on; held out for measuring; left out because their answer alone is too long. */
  readonly trained: number
  readonly heldOut: number
  readonly leftOut: number
  readonly steps: number
  /** Of the last step. */
  readonly loss: number
  readonly tokensPerSecond: number
  readonly seconds: number
  /** Size of the sealed file. */
  readonly bytes: number
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
}

export class Learning {
  readonly #parts: LearningParts

  constructor(parts: LearningParts) {
    this.#parts = parts
  }

  /**
   * Yields every step; the adapter is sealed and stored when the last is done, and only then.
   * @throws OppuError NO_USABLE_ITEMS, NOT_FOUND, AMBIGUOUS; those of `train` and `openBase`; the signal's reason.
   */
  async *train(request: TrainRequest): AsyncGenerator<TrainStep, TrainReport> {
    const { signal } = request
    const started = Date.now()
    const { history, adapters } = this.#parts
    const base = await this.#openBase(await this.#parts.bases.find(request.base), request)
    const items = await history.list(request.only === undefined ? {} : { task: request.only })
    if (items.length === 0) throw new OppuError('NO_USABLE_ITEMS', 'there is no history to train on')
    const { training, heldOut } = split(items, request.holdOut ?? DEFAULT_HOLD_OUT)
    const { examples, leftOut } = toExamples(training, base, { maxLength: base.config.maxPositions })
    if (examples.length === 0) {
      throw new OppuError(
        'NO_USABLE_ITEMS',
        `none of the ${training.length} items to train on fits the base, which takes ${base.config.maxPositions} tokens: their answers are too long`,
      )
    }
    const steps = train({
      base,
      method: request.method ?? 'lora',
      methodConfig: request.methodConfig ?? {},
      examples,
      ...(request.config === undefined ? {} : { config: request.config }),
      ...(request.device === undefined ? {} : { device: request.device }),
      ...(signal === undefined ? {} : { signal }),
    })
    let last: TrainStep | undefined
    let device: DeviceAccount | undefined
    for (;;) {
      const next = await steps.next()
      if (!next.done) {
        last = next.value
        device ??= next.value.device
        yield next.value
        continue
      }
      const { manifest, files, curve, tokensPerSecond } = next.value
      const itemIds = examples.map(({ id }) => id)
      const record = await adapters.put({ manifest, files }, { curve, itemIds })
      return {
        adapter: record.id,
        base: base.id,
        device: device!,
        trained: manifest.trainedItems,
        heldOut: heldOut.length,
        leftOut: leftOut.length,
        steps: curve.length,
        loss: last!.loss,
        tokensPerSecond,
        seconds: (Date.now() - started) / 1000,
        bytes: await adapters.sealedBytes(record.id),
      }
    }
  }

  /**
   * Measures on the newest items, less any that the own adapter was trained on.
   * @throws OppuError NO_USABLE_ITEMS, NOT_FOUND, AMBIGUOUS, BASE_MISMATCH; the signal's reason.
   */
  async evaluate(request: EvaluateRequest): Promise<OwnEvaluation> {
    const { adapters, bases, history } = this.#parts
    const own = await adapters.find(request.own)
    const other = request.other === undefined ? undefined : await adapters.find(request.other)
    const stored = await bases.get(own.baseId)
    if (stored === undefined)
      throw new OppuError('NOT_FOUND', `the adapter's base ${shortId(own.baseId)} is not on this node`)
    const base = await this.#openBase(stored, request)
    const trainedOn = new Set(own.itemIds)
    const all = await history.list(request.only === undefined ? {} : { task: request.only })
    if (all.length === 0) throw new OppuError('NO_USABLE_ITEMS', 'there is no history to score on')
    const items = split(all, request.holdOut).heldOut.filter(({ id }) => !trainedOn.has(id))
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
    const record = request.adapter === 'none' ? undefined : await adapters.find(request.adapter)
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

  #openBase(base: StoredBase, { onNote, signal }: Waiting): Promise<OpenedBase> {
    let told = false
    return openBase(base.folder, base.manifest, {
      onProgress: () => {
        if (!told) onNote?.(`preparing the weights of ${base.manifest.name} (once)`)
        told = true
      },
      ...(signal === undefined ? {} : { signal }),
    })
  }
}
