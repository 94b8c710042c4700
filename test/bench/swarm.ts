/**
 * `npm run bench -- swarm`: how fast, how economical and how sturdy pulling a base from peers is, with real processes on
 * loopback, and by simulation beyond one machine.
 */

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Part } from './report.ts'
import { growth } from './swarm-growth.ts'
import { twentyNodes } from './swarm-many.ts'
import { diskToDisk, onePeer, type SwarmBench } from './swarm-speed.ts'
import { killed, memory, nextVersionBytes } from './swarm-sturdy.ts'

const MEASURES = {
  link: onePeer,
  aria2: diskToDisk,
  nodes: twentyNodes,
  kill: killed,
  version: nextVersionBytes,
  rss: memory,
  simulation: growth,
} satisfies Readonly<Record<string, (bench: SwarmBench) => Promise<Part>>>

export type SwarmPart = keyof typeof MEASURES
export const SWARM_PARTS = Object.keys(MEASURES) as SwarmPart[]

export async function swarm(only: readonly SwarmPart[], bench: SwarmBench): Promise<Part> {
  const parts: Part[] = []
  for (const name of only) {
    bench.say(`part ${name}`)
    const scratch = join(bench.scratch, name)
    await mkdir(scratch)
    parts.push(await MEASURES[name]({ ...bench, scratch }))
  }
  return {
    figures: parts.flatMap(({ figures }) => figures),
    runs: Object.assign({ rounds: bench.rounds }, ...parts.map(({ runs }) => runs)),
    tables: parts.flatMap(({ tables }) => tables),
  }
}
