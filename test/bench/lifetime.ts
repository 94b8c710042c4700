/** How long a run takes to begin, and whether it grows: the parts of `bench -- train` that need no opponent. */
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { importBase } from '../../node/base/import.ts'
import { openBase } from '../../node/base/open.ts'
import { baseId } from '../../protocol/manifest.ts'
import { BENCH_HOME, type BenchBase, llamaConfig } from './base.ts'
import { type BenchItems, makeWorkload } from './items.ts'
import { Lineup } from './lineup.ts'
import { oppu } from './oppu.ts'
import type { Part } from './report.ts'
import { median } from './rounds.ts'

/** Short, so that the first step takes no time to speak of. */
const SHORT_ITEMS = 8

interface LifetimeBench {
  readonly scratch: string
  say(line: string): void
}

/** From the start of the process `oppu train` to the line that its first step is done, the base's weights being there. */
export async function timeToFirstStep(
  base: BenchBase,
  rounds: number,
  { scratch, say }: LifetimeBench,
): Promise<Part> {
  const history = join(scratch, 'short.jsonl')
  const lines = Array.from({ length: SHORT_ITEMS }, (_, n) =>
    JSON.stringify({ prompt: `Say ${n}.`, completion: `${n}.`, time: 1e12 + 1e9 * n }),
  )
  await writeFile(history, lines.join('\n'))
  const seconds: number[] = []
  // The first run also makes what is made of a base once, and is not counted.
  for (let round = 0; round <= rounds; round++) {
    const home = join(scratch, `home-${round}`)
    await mkdir(join(home, 'bases'), { recursive: true })
    await symlink(resolve(BENCH_HOME, 'bases', base.id), join(home, 'bases', base.id))
    await oppu(home, ['init'])
    await oppu(home, ['data', 'import', history])
    const taken = await oppu(home, ['train', '--steps', '2', '--batch-size', '1'], FIRST_STEP)
    if (round > 0) seconds.push(taken)
    say(`oppu train: first step after ${taken.toFixed(2)} s${round > 0 ? '' : ', not counted'}`)
  }
  const figure = {
    name: 'train.start_s',
    value: median(seconds),
    unit: 's',
    bar: 5,
    better: 'lower',
  } as const
  return { figures: [figure], runs: { start: seconds }, tables: [] }
}

/** What the first step makes `oppu train` say, on either stream. */
const FIRST_STEP = /^training on |^step 1 |"step":1\b/

/** Where memory is looked at: the mean of the ten steps that end here. */
const EARLY = 50
const LATE = 1000
const WINDOW = 10

/** Resident memory late in a long run to early in it: the embedded base, short items, the real trainer. */
export async function growthOfMemory(items: BenchItems, { scratch, say }: LifetimeBench): Promise<Part> {
  const home = join(scratch, 'embedded')
  const manifest = await importBase('embedded', { home })
  const opened = await openBase(join(home, 'bases', baseId(manifest)), manifest)
  const base = { ...opened, config: llamaConfig(opened) }
  const lineup = await Lineup.open({ base, scratch: join(scratch, 'small'), python: undefined })
  const shape = { itemsPerStep: 4, steps: LATE, maxLength: 64 }
  await using ours = await lineup.ours('ours', makeWorkload(items, base, shape), {
    collect: true,
    maxLength: shape.maxLength,
  })
  const rss: number[] = []
  for (let step = 1; step <= LATE; step++) {
    rss.push((await ours.step()).rss)
    if (step % 250 === 0) say(`step ${step}: ${(rss.at(-1)! / 1e6).toFixed(0)} MB resident`)
  }
  const around = (step: number) => mean(rss.slice(step - WINDOW, step))
  const value = around(LATE) / around(EARLY)
  return {
    figures: [{ name: 'train.rss_growth', value, unit: '', bar: 1.02, better: 'lower' }],
    runs: { rss },
    tables: [],
  }
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length
}
