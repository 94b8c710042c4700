/**
 * What the goldens under test/fixtures/architectures ask: logits, continuations and some steps of LoRA for a tiny model of
 * each architecture beyond Llama's. Runs only for `--write-golden`; the tests read what it wrote.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { randomFrom } from '../../node/model/random.ts'
import { runPython } from './environment.ts'
import { ARCHITECTURES, answerGoldens, ask, type TrainingGolden } from './goldens.ts'
import { batches, compact, examples, logitsQuestion, SETTINGS } from './questions.ts'

const TINY = fileURLToPath(new URL('./tiny_architectures.py', import.meta.url))

/** What PEFT adapts by default where it has a default, and more than that for GPT-2, whose `c_proj` are two. */
const ADAPTERS = [
  { name: 'qwen2', targets: ['q_proj', 'v_proj'] },
  { name: 'qwen3', targets: ['q_proj', 'v_proj'] },
  { name: 'gemma3', targets: ['q_proj', 'v_proj'] },
  { name: 'gemma3-odd', targets: ['k_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] },
  { name: 'gpt2', targets: ['c_attn', 'c_proj'] },
  { name: 'phi3', targets: ['qkv_proj', 'gate_up_proj'] },
] as const

const MODELS = ['qwen2', 'qwen3', 'gemma3', 'gemma3-odd', 'gpt2', 'gpt2-odd', 'phi3', 'phi3-long'] as const

/** Replaces everything under test/fixtures/architectures. */
export async function writeArchitectures(python: string, versions: string): Promise<void> {
  await rm(ARCHITECTURES, { recursive: true, force: true })
  await mkdir(ARCHITECTURES, { recursive: true })
  await runPython(python, [TINY, ARCHITECTURES])
  await ask(
    python,
    ADAPTERS.map(({ name, targets }, index) => ({
      kind: 'adapter',
      rank: 2,
      alpha: 4,
      targets,
      seed: 31 + index,
      base: { folder: join(ARCHITECTURES, name) },
      baseName: `oppu/golden-${name}`,
      save: join(ARCHITECTURES, 'adapters', name),
    })),
  )
  const training = ADAPTERS.map(
    ({ name }, index): TrainingGolden => ({
      model: name,
      adapter: name,
      settings: { ...SETTINGS, learningRate: 0.01, warmupSteps: 2 },
      examples: examples(randomFrom(51 + index)),
      batches: batches(10),
      losses: [],
      gradientNorms: [],
      learningRates: [],
    }),
  )
  const logits = MODELS.map((model, index) => logitsQuestion(model, 41 + index))
  const goldens = await answerGoldens(python, { versions, logits, training }, ARCHITECTURES, 6)
  await writeFile(join(ARCHITECTURES, 'goldens.json'), `${compact(goldens)}\n`)
}
