/** Real bases for the comparison: imported as a user imports them, kept between runs, and what both of them are asked. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { importBase } from '../../node/base/import.ts'
import { type OpenedBase, openBase } from '../../node/base/open.ts'
import { TokenGenerator } from '../../node/generate/generator.ts'
import { Bases } from '../../node/store/bases.ts'
import { isOppuError } from '../../protocol/errors.ts'
import { baseId } from '../../protocol/manifest.ts'
import { CACHE } from './environment.ts'

/** The base of a `pip:` source and its GGUF, or why pip cannot get it. Its float32 weights are made anew: making them is checked too. */
export async function openRealBase(
  python: string,
  source: string,
): Promise<{ readonly base: OpenedBase; readonly gguf: string } | string> {
  const home = join(CACHE, 'home')
  const bases = Bases.open(join(home, 'bases'))
  try {
    const known = (await bases.list()).find(({ manifest }) => manifest.name === source)
    const manifest =
      known?.manifest ??
      (await importBase(source, { home, name: source, pipCommands: [[python, '-m', 'pip']] }))
    const folder = join(bases.folder, baseId(manifest))
    await rm(join(folder, 'weights.f32'), { force: true })
    return { base: await openBase(folder, manifest), gguf: join(folder, 'files', 'model.gguf') }
  } catch (error) {
    if (!isOppuError(error, 'SOURCE_UNAVAILABLE')) throw error
    return error.message
  }
}

/** `count` tokens of greedy decoding after each prompt. */
export async function continuations(
  base: OpenedBase,
  prompts: readonly (readonly number[])[],
  count: number,
): Promise<number[][]> {
  await using generator = await TokenGenerator.open({ base, device: 'cpu' })
  const all: number[][] = []
  for (const prompt of prompts) {
    const tokens: number[] = []
    for await (const token of generator.generate({ prompt, maxTokens: count })) tokens.push(token)
    all.push(tokens)
  }
  return all
}
