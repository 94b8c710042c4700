/**
 * Makes the embedded base, `node/base/embedded/`, from nothing: corpus -> tokenizer -> training -> files.
 *
 *   node cli/recipes/embedded-base.ts [--packages FOLDER] [--out FOLDER] [--share NUMBER]
 *
 * Training runs on this project's own engine, method `full`, in two stages: language (mails, books and tasks, every
 * token counts), then the tasks alone (the answer counts), which is OPPU's first stage: the shared base learns the
 * task on other users. Everything is seeded; `--share 0.1` does a tenth of the steps, to try it out.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type ModelConfig, parseModelConfig } from '../../node/model/config.ts'
import { readSafetensors, writeSafetensors } from '../../node/model/safetensors.ts'
import { initialWeights, weightShapes } from '../../node/model/weights.ts'
import { bpeTokenizerJson, trainBpe } from '../../node/text/bpe-trainer.ts'
import { chatTemplate } from '../../node/text/chat-template.ts'
import { type Tokenizer, tokenizerFromFiles } from '../../node/text/tokenizer.ts'
import type { TrainConfig } from '../../node/train/config.ts'
import { type Example, type Tensors, train } from '../../node/train/trainer.ts'
import type { BaseId } from '../../protocol/ids.ts'
import { readAuthors, withPackages } from './authors.ts'
import { baseCorpus } from './corpus.ts'
import type { Item } from './items.ts'
import { meanLoss } from './validation.ts'

const SEED = 20020822

const SPECIAL = {
  endOfText: '<|endoftext|>',
  user: '<|user|>',
  assistant: '<|assistant|>',
  end: '<|end|>',
} as const

const CONFIG = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  vocab_size: 4096,
  hidden_size: 192,
  intermediate_size: 512,
  num_hidden_layers: 4,
  num_attention_heads: 6,
  num_key_value_heads: 2,
  head_dim: 32,
  hidden_act: 'silu',
  max_position_embeddings: 512,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  tie_word_embeddings: true,
  attention_bias: false,
  mlp_bias: false,
  initializer_range: 0.02,
  bos_token_id: 0,
  eos_token_id: 3,
  torch_dtype: 'bfloat16',
}

/** A system message is said as the user: the model is too small to tell them apart. */
const TEMPLATE =
  "{% for message in messages %}{{ ('<|assistant|>' if message['role'] == 'assistant' else '<|user|>') + message['content'] + '<|end|>' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"

const TOKENIZER_CONFIG = {
  tokenizer_class: 'PreTrainedTokenizerFast',
  bos_token: SPECIAL.endOfText,
  eos_token: SPECIAL.end,
  pad_token: SPECIAL.endOfText,
  clean_up_tokenization_spaces: false,
  model_max_length: CONFIG.max_position_embeddings,
  chat_template: TEMPLATE,
}

/** Tokens of a piece of running text. */
const PIECE = 256
/** Seconds between the intermediate results that are written while training runs. */
const SAVE_EVERY = 180

interface Stage {
  readonly name: string
  readonly examples: readonly Example[]
  readonly config: Partial<TrainConfig>
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      packages: { type: 'string' },
      out: { type: 'string' },
      share: { type: 'string', default: '1' },
    },
  })
  const out = values.out ?? join(import.meta.dirname, '../../node/base/embedded')
  const corpus = await withPackages(values.packages, async packages =>
    baseCorpus(packages, await readAuthors(packages)),
  )
  const characters = [...corpus.mails, ...corpus.books].reduce((sum, text) => sum + text.length, 0)
  console.log(
    `corpus: ${corpus.mails.length} mails, ${corpus.books.length} chapters and speeches, ${characters} characters; ${corpus.items.length} items`,
  )

  // Mails twice, so that their words weigh against the longer books.
  const texts = [...corpus.mails, ...corpus.mails, ...corpus.books, ...corpus.items.map(item => item.input)]
  const vocabulary = trainBpe(texts, { vocabSize: CONFIG.vocab_size, specialTokens: Object.values(SPECIAL) })
  const tokenizerJson = bpeTokenizerJson(vocabulary)
  const tokenizer = tokenizerFromFiles(tokenizerJson, TOKENIZER_CONFIG)
  const config = parseModelConfig(CONFIG)

  await mkdir(out, { recursive: true })
  const json = (name: string, value: unknown, indent?: number) =>
    writeFile(join(out, name), `${JSON.stringify(value, null, indent)}\n`)
  await json('config.json', CONFIG, 2)
  await json('tokenizer.json', tokenizerJson)
  await json('tokenizer_config.json', TOKENIZER_CONFIG, 2)
  await json(
    'generation_config.json',
    { bos_token_id: 0, eos_token_id: [3, 0], do_sample: true, temperature: 0.7, top_p: 0.9 },
    2,
  )

  const pieces = (some: readonly string[]) =>
    some.flatMap((text, index) => textPieces(tokenizer, text, `${index}`))
  const tasks = corpus.items.map(item => itemExample(tokenizer, item))
  const heldOut = {
    mails: pieces(corpus.heldOut.mails),
    replies: corpus.heldOut.items
      .filter(item => item.task === 'reply')
      .map(item => itemExample(tokenizer, item)),
    subjects: corpus.heldOut.items
      .filter(item => item.task === 'subject')
      .map(item => itemExample(tokenizer, item)),
  }
  const share = Number(values.share)
  const common = {
    seed: SEED,
    batchTokens: 4096,
    maxLength: 512,
    beta2: 0.98,
    maxGradientNorm: 1,
    weightDecay: 0.05,
  }
  const stages: Stage[] = [
    {
      name: 'language',
      examples: [...pieces(corpus.mails), ...pieces(corpus.books), ...tasks.map(wholeExample)],
      config: { ...common, steps: Math.ceil(2700 * share), batchSize: 10, learningRate: 3e-3, warmup: 0.03 },
    },
    {
      name: 'tasks',
      examples: tasks,
      config: { ...common, steps: Math.ceil(120 * share), batchSize: 12, learningRate: 3e-4, warmup: 0.05 },
    },
  ]

  let weights: Tensors = initialWeights(config, SEED)
  const curve: object[] = []
  const validate = async (stage: string, step: number) => {
    const losses = Object.fromEntries(
      await Promise.all(
        Object.entries(heldOut).map(
          async ([name, examples]) => [name, await meanLoss(config, weights, examples)] as const,
        ),
      ),
    )
    console.log(
      `${stage} ${step}: held out ${Object.entries(losses)
        .map(([name, loss]) => `${name} ${loss.toFixed(3)}`)
        .join(', ')}`,
    )
    curve.push({ stage, step, heldOut: losses })
  }
  for (const stage of stages) {
    weights = await trainStage(config, stage, weights, curve, partial =>
      writeBase(out, config, partial, curve),
    )
    await writeBase(out, config, weights, curve)
    await validate(stage.name, stage.config.steps ?? 0)
  }
  await writeBase(out, config, weights, curve)
}

async function trainStage(
  config: ModelConfig,
  stage: Stage,
  initial: Tensors,
  curve: object[],
  save: (weights: Tensors) => Promise<void>,
): Promise<Tensors> {
  const labels = stage.examples.reduce((sum, { completion }) => sum + completion.length, 0)
  console.log(`${stage.name}: ${stage.examples.length} examples, ${labels} tokens to predict`)
  const base = {
    id: '0'.repeat(64) as BaseId,
    config,
    weights: { path: join(tmpdir(), 'unused'), tensors: new Map() },
  }
  const run = train({
    base,
    method: 'full',
    examples: stage.examples,
    config: stage.config,
    initial,
    device: 'cpu',
  })
  let saved = Date.now()
  let sum = 0
  let count = 0
  for (let next = await run.next(); ; next = await run.next()) {
    if (next.done) return tensorsOf(next.value.files.get('model.safetensors')!)
    const { step, steps, loss, tokens, tokensPerSecond, secondsLeft, snapshot } = next.value
    sum += loss
    count++
    if (step % 20 === 0 || step === steps) {
      const mean = sum / count
      console.log(
        `${stage.name} ${step}/${steps}: loss ${mean.toFixed(3)}, ${tokensPerSecond.toFixed(0)} tokens/s, ${secondsLeft.toFixed(0)} s left`,
      )
      curve.push({ stage: stage.name, step, tokens, loss: Number(mean.toFixed(4)) })
      sum = 0
      count = 0
    }
    if (Date.now() - saved > SAVE_EVERY * 1000) {
      await save(tensorsOf(snapshot().files.get('model.safetensors')!))
      saved = Date.now()
    }
  }
}

function tensorsOf(file: Uint8Array): Tensors {
  return new Map([...readSafetensors(file).tensors].map(([name, { data }]) => [name, data]))
}

async function writeBase(
  out: string,
  config: ModelConfig,
  weights: Tensors,
  curve: readonly object[],
): Promise<void> {
  const named = new Map(
    [...weightShapes(config)].map(([name, shape]) => [name, { shape, data: weights.get(name)! }]),
  )
  await writeFile(join(out, 'model.safetensors'), writeSafetensors(named, { format: 'pt' }, 'BF16'))
  await writeFile(join(out, 'loss-curve.jsonl'), curve.map(point => `${JSON.stringify(point)}\n`).join(''))
}

/** Running text in pieces; each begins after an end-of-text token, and the last ends with one. */
function textPieces(tokenizer: Tokenizer, text: string, id: string): Example[] {
  const ids = [...tokenizer.encode(text), tokenizer.bosId!]
  const count = Math.ceil(ids.length / PIECE)
  return Array.from({ length: count }, (_, index) => ({
    id: `${id}/${index}`,
    prompt: [tokenizer.bosId!],
    completion: ids.slice(index * PIECE, (index + 1) * PIECE),
  }))
}

/** An item as a conversation: the answer counts, with the token that ends it. */
export function itemExample(tokenizer: Tokenizer, item: Item): Example {
  const template = chatTemplate(TEMPLATE, {})
  const prompt = template.render([{ role: 'user', content: item.input }], { addGenerationPrompt: true })
  return {
    id: item.id,
    prompt: tokenizer.encode(prompt),
    completion: tokenizer.encode(item.output + SPECIAL.end),
  }
}

/** The same with the question counted too: more text to learn the language from. */
function wholeExample({ id, prompt, completion }: Example): Example {
  return { id, prompt: prompt.slice(0, 1), completion: [...prompt.slice(1), ...completion] }
}

if (import.meta.main) await main()
