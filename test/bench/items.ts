/**
 * What is trained on: real items of one or two people's histories, as token ids that every contender reads.
 *
 * The histories are ../shared/lamp's (star ratings and paper titles, in LaMP's own words) where that folder is beside the
 * checkout, else the shipped extract of the demo. They become examples exactly as `oppu train` makes them. A person
 * trains one task, so a step holds items of one task; tasks take turns, so that a round of the bench sees both.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type Example, inputLength } from '../../node/model/batch.ts'
import { type Language, toExamples } from '../../node/personal/examples.ts'
import { contentId, type HistoryItem } from '../../node/personal/history.ts'
import type { Imported } from '../../node/personal/importers/importer.ts'
import { importJsonl } from '../../node/personal/importers/jsonl.ts'
import { importLamp } from '../../node/personal/importers/lamp.ts'

const LAMP = fileURLToPath(new URL('../../../shared/lamp/', import.meta.url))
const AUTHORS = fileURLToPath(new URL('../../cli/demo/authors/', import.meta.url))
const LAMP_TASKS = ['product_rating', 'scholarly_title'] as const
const DEMO_AUTHORS = ['alice', 'bob'] as const

/** A task's items, in the order in which they are trained on. */
export interface TaskItems {
  readonly name: string
  readonly items: readonly HistoryItem[]
}

export interface BenchItems {
  /** Where they are from, for the table. */
  readonly source: string
  readonly tasks: readonly TaskItems[]
}

/** At least `count` items of each task, as far as there are so many: whole users, from all over the file. */
export async function readItems(count: number): Promise<BenchItems> {
  if (existsSync(LAMP)) {
    const tasks = await Promise.all(LAMP_TASKS.map(name => lampItems(name, count)))
    return { source: '../shared/lamp', tasks }
  }
  const tasks = await Promise.all(DEMO_AUTHORS.map(demoItems))
  return { source: 'cli/demo/authors', tasks }
}

/** The histories of `count` people of each task, oldest items first. */
export async function readUsers(count: number): Promise<TaskItems[]> {
  const tasks: TaskItems[] = []
  for (const name of existsSync(LAMP) ? LAMP_TASKS : []) {
    for await (const items of lampUsers(name)) {
      tasks.push({ name, items })
      if (tasks.filter(task => task.name === name).length === count) break
    }
  }
  return tasks.length > 0 ? tasks : await Promise.all(DEMO_AUTHORS.map(demoItems))
}

async function lampItems(name: string, count: number): Promise<TaskItems> {
  const items: HistoryItem[] = []
  for await (const own of lampUsers(name)) {
    if (items.length >= count) break
    items.push(...own)
  }
  return { name, items }
}

async function* lampUsers(name: string): AsyncIterable<HistoryItem[]> {
  const bytes = await readFile(`${LAMP}${name}/user_top_100_history.json`)
  const users = JSON.parse(bytes.toString('utf8')) as readonly { readonly user_id: unknown }[]
  for (const { user_id: id } of spread(users))
    yield await collect(importLamp([bytes], { source: name, time: 0, user: String(id) }))
}

/** The 7th, 14th, ... user, then the 6th, 13th, ...: the file is sorted by how many items they have. */
function spread<T>(users: readonly T[]): T[] {
  return [6, 5, 4, 3, 2, 1, 0].flatMap(first => users.filter((_, index) => index % 7 === first))
}

async function demoItems(name: string): Promise<TaskItems> {
  const bytes = await readFile(`${AUTHORS}${name}.jsonl`)
  return { name, items: await collect(importJsonl([bytes], { source: name, time: 0 })) }
}

/** As the history keeps them: the same content once. */
async function collect(entries: AsyncIterable<Imported>): Promise<HistoryItem[]> {
  const items = new Map<string, HistoryItem>()
  for await (const entry of entries) {
    if (entry.kind !== 'item') continue
    const id = contentId(entry.item)
    items.set(id, { id, ...entry.item })
  }
  return [...items.values()]
}

/** Examples, and for each optimiser step the indices of its own. */
export interface Workload {
  readonly examples: readonly Example[]
  readonly steps: readonly (readonly number[])[]
}

export interface WorkloadShape {
  readonly itemsPerStep: number
  readonly steps: number
  /** Tokens of an example at most. */
  readonly maxLength: number
  /** Take the longest examples, longest first. */
  readonly longest?: boolean
  /** Take the first so many tasks only. */
  readonly tasks?: number
}

/** Steps of the tasks in turn; a task with too few items begins again. */
export function makeWorkload(
  items: BenchItems,
  language: Language,
  { itemsPerStep, steps, maxLength, longest = false, tasks = items.tasks.length }: WorkloadShape,
): Workload {
  const examples: Example[] = []
  const places = items.tasks.slice(0, tasks).map(({ items }) => {
    const made = [...toExamples(items, language, { maxLength }).examples]
    if (longest) made.sort((a, b) => inputLength(b) - inputLength(a))
    const first = examples.push(...made) - made.length
    return made.map((_, index) => first + index)
  })
  const next = places.map(() => 0)
  const chosen = Array.from({ length: steps }, (_, step) => {
    const task = step % places.length
    const own = places[task]!
    return Array.from({ length: itemsPerStep }, () => own[next[task]!++ % own.length]!)
  })
  return { examples, steps: chosen }
}
