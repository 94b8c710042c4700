/**
 * Tokens one by one, from a base alone or with an adapter, keeping keys and values of what was read.
 *
 * Works on token ids; text, templates and the choice of stop tokens are the caller's. One sequence at a time; several at
 * once, and faster kernels, are a later issue's.
 */
import { OppuError } from '../../protocol/errors.ts'
import type { DeviceAccount } from '../graph/session.ts'
import { headWeight, hiddenStates } from '../model/architectures.ts'
import { labelLogits } from '../model/loss.ts'
import { randomFrom } from '../model/random.ts'
import type { LoadedAdapter } from '../peft/adapter.ts'
import { frontOf } from '../peft/index.ts'
import { prefixRows } from '../peft/prefix-tuning.ts'
import { cachedLayout, KvCache } from './kv-cache.ts'
import { GREEDY, type Sampling, sample } from './sampler.ts'
import { AdapterSessions, type SessionsOptions } from './sessions.ts'

export interface GenerateOptions extends Partial<Sampling> {
  readonly prompt: readonly number[]
  readonly adapter?: LoadedAdapter
  /** Default 256. */
  readonly maxTokens?: number
  /** Tokens that end the text; they are not yielded. */
  readonly stop?: readonly number[]
  /** Default 0. */
  readonly seed?: number
  readonly signal?: AbortSignal
}

/** Why it ended: a stop token came, or the limit of tokens or of the model's positions. */
export type StopReason = 'stop' | 'length'

/** A long prompt is read in pieces of this many tokens: attention scores of a piece stay small. */
const PROMPT_PIECE = 256

export class TokenGenerator {
  readonly #options: SessionsOptions
  readonly #sessions: AdapterSessions

  private constructor(options: SessionsOptions, sessions: AdapterSessions) {
    this.#options = options
    this.#sessions = sessions
  }

  /** Close it when done. @throws those of `GraphSession.open` */
  static async open(options: SessionsOptions): Promise<TokenGenerator> {
    const { config } = options.base
    const sessions = await AdapterSessions.open(options, (graph, hooks) => {
      const hidden = hiddenStates(config, cachedLayout(graph, config), hooks)
      graph.output('logits', labelLogits(hidden, headWeight(config, hooks), config.logitSoftcap))
    })
    return new TokenGenerator(options, sessions)
  }

  get device(): DeviceAccount {
    return this.#sessions.device
  }

  /**
   * Yields token ids as they are chosen. Without sampling options it is greedy.
   * @throws OppuError INVALID_ARGUMENT (empty prompt, or longer than the model's positions), CORRUPT_ADAPTER (its numbers
   *   overflow), CLOSED; the signal's reason
   */
  async *generate(options: GenerateOptions): AsyncGenerator<number, StopReason> {
    const { prompt, adapter, maxTokens = 256, stop = [], seed = 0, signal } = options
    const sampling = { ...GREEDY, ...samplingOf(options) }
    const { config } = this.#options.base
    const front = frontOf(config, adapter?.config)
    const room = config.maxPositions - front.virtualIds.length - front.prefixTokens
    if (prompt.length === 0) throw new OppuError('INVALID_ARGUMENT', 'the prompt is empty')
    if (prompt.length > room)
      throw new OppuError(
        'INVALID_ARGUMENT',
        `the prompt has ${prompt.length} tokens, the base takes ${room}${adapter === undefined ? '' : ' with this adapter'}`,
      )
    const random = randomFrom(seed, 4)
    const cache = new KvCache(config)
    if (adapter?.config.method === 'prefix-tuning')
      cache.begin(front.prefixTokens, prefixRows(config, adapter))
    let waiting: readonly number[] = [...front.virtualIds, ...prompt]
    for (let made = 0; made < maxTokens; made++) {
      const logits = await this.#read(waiting, cache, adapter, signal)
      const token = sample(logits, sampling, random)
      if (stop.includes(token)) return 'stop'
      yield token
      signal?.throwIfAborted()
      if (cache.length === config.maxPositions) break
      waiting = [token]
    }
    return 'length'
  }

  /** Reads tokens into the cache. @returns the logits after the last. */
  async #read(
    tokens: readonly number[],
    cache: KvCache,
    adapter: LoadedAdapter | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Float32Array> {
    const { session, feeds } = await this.#sessions.serve(adapter)
    let logits = new Float32Array()
    for (let from = 0; from < tokens.length; from += PROMPT_PIECE) {
      const piece = tokens.slice(from, from + PROMPT_PIECE)
      const dims = [piece.length]
      const outputs = await session.run(
        {
          ...feeds,
          ...cache.feeds(),
          tokens: { dtype: 'int64', dims, data: BigInt64Array.from(piece, BigInt) },
          positions: {
            dtype: 'int64',
            dims,
            data: BigInt64Array.from(piece, (_, i) => BigInt(cache.length + i)),
          },
        },
        signal === undefined ? {} : { signal },
      )
      cache.append(outputs, piece.length)
      logits = outputs.logits!.data as Float32Array<ArrayBuffer>
    }
    if (!logits.some(Number.isFinite))
      throw adapter === undefined
        ? new OppuError('RUNTIME_FAILURE', 'the base gives no finite number')
        : new OppuError('CORRUPT_ADAPTER', 'with this adapter the base gives no finite number')
    return logits
  }

  /** Waits for work in flight. Safe to call more than once. */
  async close(): Promise<void> {
    await this.#sessions.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function samplingOf({ temperature, topK, topP }: GenerateOptions): Partial<Sampling> {
  return {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topK === undefined ? {} : { topK }),
    ...(topP === undefined ? {} : { topP }),
  }
}
