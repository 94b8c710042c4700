/**
 * Prompt tuning (Lester et al., arXiv 2104.08691): learned embeddings in front of every prompt, the base untouched.
 *
 * They are tokens of the method's own, with ids from the vocabulary's size on, that trainer, scorer and generator put in
 * front (`virtualIds`); here they get their embeddings. PEFT's layout: `prompt_embeddings` [virtual, hidden]. Initial
 * values are PEFT's: embeddings of a text's tokens, of tokens drawn from the vocabulary, or normal numbers.
 */
import { OppuError } from '../../protocol/errors.ts'
import { type ConfigOf, choiceField, numberField, parseConfig, textField } from '../../protocol/schema.ts'
import { Graph, type Value } from '../graph/graph.ts'
import { add, cast, equal, less, matMul, range, scalarLike, sub, unsqueeze, where } from '../graph/ops.ts'
import { tensorOf } from '../graph/tensor.ts'
import { architectureOf } from '../model/architectures.ts'
import type { ModelConfig } from '../model/config.ts'
import { frozenWeight } from '../model/frozen.ts'
import { rowsOf } from '../model/quantized-products.ts'
import { type Random, randomFrom } from '../model/random.ts'
import type { WeightFile } from '../model/weights.ts'
import { type AdapterMethod, adapterFiles, tensorFeed, wrongMethod } from './adapter.ts'
import { type MethodHooks, noNoise, parameterInputs, type Shapes } from './method.ts'
import {
  countOf,
  encodePeftConfig,
  type OtherFields,
  type PeftFields,
  refuseOthers,
  shown,
} from './peft-config.ts'

export interface PromptTuningConfig {
  readonly method: 'prompt-tuning'
  readonly virtualTokens: number
}

/** The tensor's name in PEFT's file, for prefix tuning too. */
export const PROMPT_EMBEDDINGS = 'prompt_embeddings'

/** More than any base has room for. */
const MAX_VIRTUAL_TOKENS = 2 ** 20

/** A longer text would be cut anyhow, and an adapter's manifest has room for so much. */
const MAX_TEXT = 4000

export const virtualTokensField = numberField({
  default: 20,
  minimum: 1,
  maximum: 4096,
  whole: true,
  description: 'how many learned tokens come before every prompt',
})

const SCHEMA = {
  virtualTokens: virtualTokensField,
  init: choiceField({
    default: 'vocabulary',
    choices: ['vocabulary', 'random'],
    description: 'how they begin: as tokens drawn from the vocabulary, or as normal numbers',
  }),
  initText: textField({
    default: '',
    description: 'a text whose tokens they begin as, repeated or cut to fit, in place of init',
  }),
} as const

const TAKEN = ['num_virtual_tokens', 'token_dim']
const OTHERS: OtherFields = {
  irrelevant: [
    'num_layers',
    'num_attention_heads',
    'prompt_tuning_init',
    'prompt_tuning_init_text',
    'tokenizer_name_or_path',
    'tokenizer_kwargs',
  ],
  neutral: { num_transformer_submodules: 1 },
}

function promptShapes(model: ModelConfig, virtualTokens: number): Shapes {
  return new Map([[PROMPT_EMBEDDINGS, [virtualTokens, model.hiddenSize]]])
}

/** The ids of the tokens that stand before every prompt. */
export function virtualIds(model: ModelConfig, count: number): number[] {
  return Array.from({ length: count }, (_, index) => model.vocabSize + index)
}

export const promptTuning: AdapterMethod = {
  isAdapter: true,
  schema: SCHEMA,
  learningRate: 3e-2,
  prepare(given, model, tokenizer) {
    const options = parseConfig(SCHEMA, given, 'prompt-tuning')
    const { virtualTokens, init, initText } = options
    if (initText.length > MAX_TEXT)
      throw new OppuError('INVALID_ARGUMENT', `prompt-tuning: initText has more than ${MAX_TEXT} characters`)
    const beginning = initText === '' ? [] : (tokenizer?.encode(initText, { specialTokens: true }) ?? [])
    if (initText !== '' && beginning.length === 0)
      throw new OppuError('INVALID_ARGUMENT', 'prompt-tuning: initText is a text without tokens')
    const shapes = promptShapes(model, virtualTokens)
    return {
      options,
      shapes,
      front: { virtualIds: virtualIds(model, virtualTokens), prefixTokens: 0 },
      async initial(seed, weights) {
        const random = randomFrom(seed, 1)
        const values =
          initText === '' && init === 'random'
            ? normal(virtualTokens * model.hiddenSize, random)
            : await embeddingRows(
                model,
                weights,
                Array.from({ length: virtualTokens }, (_, index) =>
                  initText === '' ? random.below(model.vocabSize) : beginning[index % beginning.length]!,
                ),
              )
        return new Map([[PROMPT_EMBEDDINGS, values]])
      },
      attach(graph) {
        const parameters = parameterInputs(graph, shapes)
        const hooks = embedHook(model, parameters.get(PROMPT_EMBEDDINGS)!)
        return { parameters, weights: new Map(), hooks, noise: noNoise }
      },
      files: (tensors, baseId) => adapterFiles(encodeConfig(model, options, baseId), shapes, tensors, baseId),
    }
  },
  read(fields, model) {
    const virtualTokens = readVirtualTokens(fields, model.hiddenSize, TAKEN, OTHERS)
    return { config: { method: 'prompt-tuning', virtualTokens }, shapes: promptShapes(model, virtualTokens) }
  },
  serve(graph, { config: model }) {
    const prompt = graph.input(PROMPT_EMBEDDINGS, 'float32', ['virtual', model.hiddenSize])
    // The base alone has no virtual ids, so this row is never asked for.
    const unused = tensorFeed([1, model.hiddenSize], new Float32Array(model.hiddenSize))
    return {
      hooks: embedHook(model, prompt),
      async feeds(adapter) {
        if (adapter === undefined) return { [PROMPT_EMBEDDINGS]: unused }
        if (adapter.config.method !== 'prompt-tuning') throw wrongMethod('prompt-tuning', adapter.config)
        const { shape, data } = adapter.tensors.get(PROMPT_EMBEDDINGS)!
        return { [PROMPT_EMBEDDINGS]: tensorFeed(shape, data) }
      },
    }
  },
}

/**
 * Rows of `prompt` [virtual, hidden] for virtual ids, the base's own embeddings for all others. A product with ones at the
 * right places in place of a look-up: its gradient is a product too, and adds a token's uses up in a fixed order.
 */
function embedHook({ vocabSize }: ModelConfig, prompt: Value): MethodHooks {
  return {
    embed(tokens, rows) {
      const first = scalarLike(tokens, vocabSize)
      const isReal = less(tokens, first) // [tokens]
      const real = rows(where(isReal, tokens, scalarLike(tokens, 0))) // [tokens, hidden]
      const index = sub(tokens, first)
      const count = prompt.shape[0]!
      const places = equal(unsqueeze(index, [1]), unsqueeze(range(tokens.graph, 0, count), [0])) // [tokens, virtual]
      const dtype = prompt.dtype as 'float32' | 'float64'
      return add(
        where(unsqueeze(isReal, [1]), real, scalarLike(real, 0)),
        matMul(cast(places, dtype), prompt),
      )
    },
  }
}

/** Embeddings of these tokens as the base uses them, whatever its weights are kept in. */
async function embeddingRows(
  model: ModelConfig,
  weights: WeightFile,
  ids: readonly number[],
): Promise<Float32Array> {
  const { embedding, embeddingScale } = architectureOf(model)
  const graph = new Graph()
  const tokens = graph.constant(tensorOf('int64', [ids.length], ids))
  graph.output('rows', rowsOf(frozenWeight(graph, weights)(embedding), tokens))
  // The runtime is large, and whoever only asks which methods there are need not wait for it.
  const { GraphSession } = await import('../graph/session.ts')
  await using session = await GraphSession.open(graph, { device: 'cpu' })
  const { rows } = await session.run({})
  const scale = embeddingScale?.(model) ?? 1
  return (rows!.data as Float32Array).map(value => value * scale)
}

export function normal(count: number, random: Random): Float32Array {
  return Float32Array.from({ length: count }, () => random.normal())
}

/**
 * How many virtual tokens a file of PEFT's has, each of `width` numbers a layer.
 * @throws OppuError CORRUPT_ADAPTER, INVALID_DATA
 */
export function readVirtualTokens(
  fields: PeftFields,
  width: number,
  taken: readonly string[],
  others: OtherFields,
): number {
  refuseOthers(fields, taken, others)
  if ((fields.token_dim ?? width) !== width)
    throw new OppuError(
      'INVALID_DATA',
      `the adapter's token_dim is ${shown(fields.token_dim)}, for this base it must be ${width}`,
    )
  return countOf(fields, 'num_virtual_tokens', MAX_VIRTUAL_TOKENS)
}

function encodeConfig(
  model: ModelConfig,
  { virtualTokens, init, initText }: ConfigOf<typeof SCHEMA>,
  base: string,
): Uint8Array {
  const fromText = initText !== ''
  const initial = init === 'random' ? 'RANDOM' : 'SAMPLE_VOCAB'
  return encodePeftConfig('PROMPT_TUNING', base, {
    modules_to_save: null,
    num_attention_heads: model.heads,
    num_layers: model.layers,
    num_transformer_submodules: 1,
    num_virtual_tokens: virtualTokens,
    prompt_tuning_init: fromText ? 'TEXT' : initial,
    prompt_tuning_init_text: fromText ? initText : null,
    token_dim: model.hiddenSize,
    tokenizer_kwargs: null,
    // PEFT demands one where there is a text, and opens it only to begin training anew.
    tokenizer_name_or_path: fromText ? base : null,
  })
}
