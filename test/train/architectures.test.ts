/**
 * Ten steps of LoRA on a tiny model of each architecture beyond Llama's, loss by loss and norm by norm, against what peft
 * gave for the same start, batches and settings (`test/reference/` says how the numbers were made).
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { importBase } from '../../node/base/import.ts'
import { openBase } from '../../node/base/open.ts'
import { defaultTargets } from '../../node/model/weights.ts'
import { methods } from '../../node/peft/index.ts'
import { baseId } from '../../protocol/manifest.ts'
import { ARCHITECTURES, readGoldens } from '../reference/goldens.ts'
import { worstRelative } from '../reference/logits.ts'
import { readPeftAdapter, replay } from '../reference/replay.ts'

/** Measured: below 3e-7 for losses, 4e-6 for norms. */
const BAR = 1e-5

const goldens = await readGoldens(ARCHITECTURES)
const home = await mkdtemp(join(tmpdir(), 'oppu-architectures-'))
after(() => rm(home, { recursive: true, force: true }))

async function baseOf(name: string) {
  const manifest = await importBase(`file:${join(ARCHITECTURES, name)}`, { home })
  return await openBase(join(home, 'bases', baseId(manifest)), manifest)
}

for (const golden of goldens.training) {
  test(`${golden.model}: LoRA loses what it loses in PEFT`, async () => {
    const base = await baseOf(golden.model)
    const adapter = await readPeftAdapter(join(ARCHITECTURES, 'adapters', golden.adapter!), base)
    const { steps } = await replay(base, golden, { adapter })
    const losses = worstRelative(
      steps.map(step => step.loss),
      golden.losses,
    )
    assert.ok(losses < BAR, `a loss is off by ${losses} of itself`)
    const norms = worstRelative(
      steps.map(step => step.gradientNorm),
      golden.gradientNorms,
    )
    assert.ok(norms < BAR, `a gradient norm is off by ${norms} of itself`)
  })
}

test('where nobody names layers, those are adapted that PEFT adapts', async () => {
  const expected = {
    qwen2: ['q_proj', 'v_proj'],
    qwen3: ['q_proj', 'v_proj'],
    gemma3: ['q_proj', 'v_proj'],
    gpt2: ['c_attn'],
    phi3: ['qkv_proj'],
  }
  for (const [model, targets] of Object.entries(expected)) {
    const base = await baseOf(model)
    assert.deepEqual(defaultTargets(base.config), targets)
    const { shapes, files, initial } = methods.lora.prepare({ rank: 2 }, base.config)
    assert.equal(shapes.size, 2 * targets.length * base.config.layers)
    const config = files(await initial(1, base.weights), base.id).get('adapter_config.json')!
    const written = JSON.parse(new TextDecoder().decode(config)) as Record<string, unknown>
    assert.deepEqual(written.target_modules, targets)
    assert.equal(written.fan_in_fan_out, model === 'gpt2')
  }
})

test('the goldens ask for learning', () => {
  for (const { losses, gradientNorms } of goldens.training) {
    assert.equal(losses.length, 10)
    assert.ok(new Set(losses).size === 10 && gradientNorms.every(norm => norm > 1e-3))
  }
})
