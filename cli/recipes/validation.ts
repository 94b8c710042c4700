/** Held-out loss of weights in memory, for the recipes: writes them to a scratch file and scores them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Scorer } from '../../node/generate/scorer.ts'
import type { Example } from '../../node/model/batch.ts'
import type { ModelConfig } from '../../node/model/config.ts'
import { parseSafetensorsHeader, writeSafetensors } from '../../node/model/safetensors.ts'
import { type WeightFile, weightShapes } from '../../node/model/weights.ts'

/** Runs `use` on the weights as a file of float32 tensors, which is gone afterwards. */
export async function withWeightFile<T>(
  config: ModelConfig,
  weights: ReadonlyMap<string, Float32Array>,
  use: (file: WeightFile) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'oppu-recipe-'))
  try {
    const path = join(folder, 'weights.safetensors')
    const named = new Map(
      [...weightShapes(config)].map(([name, shape]) => [name, { shape, data: weights.get(name)! }]),
    )
    const bytes = writeSafetensors(named)
    await writeFile(path, bytes)
    return await use({ path, tensors: parseSafetensorsHeader(bytes, bytes.length).tensors })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Mean negative log-likelihood per predicted token over all examples. */
export async function meanLoss(
  config: ModelConfig,
  weights: ReadonlyMap<string, Float32Array>,
  examples: readonly Example[],
): Promise<number> {
  return withWeightFile(config, weights, async file => {
    await using scorer = await Scorer.open({ base: { config, weights: file }, device: 'cpu' })
    const scores = (await scorer.score(examples)).filter(score => score !== undefined)
    const tokens = scores.reduce((sum, score) => sum + score.tokens, 0)
    return -scores.reduce((sum, score) => sum + score.logLikelihood, 0) / tokens
  })
}
