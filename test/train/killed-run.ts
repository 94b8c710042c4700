/**
 * A training run in a process of its own, to be killed at any moment: `node killed-run.ts FOLDER`. It goes on from the
 * sealed checkpoint in FOLDER where there is one, makes one after every update, says which on stdout, and writes the
 * adapter when it is done. What it trains is the same each time.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Example } from '../../node/model/batch.ts'
import { Checkpoints } from '../../node/store/checkpoints.ts'
import { openVaultFile } from '../../node/store/vault-file.ts'
import {
  decodeTrainerState,
  encodeTrainerState,
  runIdOf,
  type TrainedAdapter,
  type TrainOptions,
  train,
} from '../../node/train/trainer.ts'
import { type TestBase, tinyBase } from '../model/bases.ts'

export const PASSPHRASE = 'correct horse'
export const VAULT = 'vault.json'
export const RESULT = 'adapter_model.safetensors'

const EXAMPLES: Example[] = Array.from({ length: 9 }, (_, i) => ({
  id: `item ${i}`,
  prompt: [1, 5 + i, 9, 2 * i + 3].slice(0, 2 + (i % 3)),
  completion: [7 + i, 8, 2],
}))

export function killedRun(base: TestBase): TrainOptions {
  return {
    base,
    method: 'lora',
    methodConfig: { dropout: 0.2 },
    examples: EXAMPLES,
    validation: EXAMPLES.slice(0, 2).map(item => ({ ...item, prompt: [1, 2] })),
    device: 'cpu',
    now: () => 0,
    config: {
      steps: 100,
      batchSize: 4,
      learningRate: 0.01,
      seed: 11,
      checkpointEvery: 1,
      evaluateEvery: 5,
      patience: 0,
    },
  }
}

/** The adapter's weights and curve: what must not depend on how often a run was killed. */
export function outcome({ files, curve }: TrainedAdapter): Uint8Array {
  return Buffer.concat([files.get(RESULT)!, Buffer.from(JSON.stringify(curve))])
}

async function main(folder: string): Promise<void> {
  using vault = await openVaultFile(join(folder, VAULT), PASSPHRASE)
  const checkpoints = await Checkpoints.open(join(folder, 'checkpoints'), vault)
  const options = killedRun(await tinyBase())
  const run = runIdOf(options)
  const found = await checkpoints.get(run)
  if (found !== undefined && found.damaged.length > 0) throw new Error('a checkpoint is damaged')
  const resume = found === undefined ? undefined : decodeTrainerState(found.content)
  console.log(`from ${found?.step ?? 0}`)
  const training = train({ ...options, ...(resume === undefined ? {} : { resume }) })
  for (;;) {
    const next = await training.next()
    if (next.done === true) {
      await writeFile(join(folder, RESULT), outcome(next.value))
      return
    }
    if (next.value.checkpointDue)
      await checkpoints.put(run, next.value.step, encodeTrainerState(next.value.state()))
    console.log(`step ${next.value.step}`)
  }
}

if (import.meta.main) await main(process.argv[2]!)
