/**
 * The fuzz tests at length: `node test/fuzz/run.ts [INPUTS] [NAME]` gives every reader of outside bytes (or those whose
 * name has NAME in it) a million inputs, or INPUTS, and prints what each came to. A reader that hangs is stopped, and
 * the input it hangs on printed. Exits 1 when anything did not hold.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { fuzz, type Outcome } from './fuzz.ts'
import { openSubjects } from './subjects.ts'

interface Work {
  readonly name: string
  readonly inputs: number
  readonly seed: number
  /** The input that is being read: how many there were, its length, its bytes. */
  readonly now: SharedArrayBuffer
}

/** A reader is hung when it reads one input over so many looks, of one second each. */
const LOOKS = 60

if (isMainThread) await main()
else await work(workerData as Work)

async function main(): Promise<void> {
  const [inputs = '1000000', part = ''] = process.argv.slice(2)
  await using opened = await openSubjects()
  let failed = 0
  for (const { name } of opened.subjects.filter(({ name }) => name.includes(part))) {
    const seed = Date.now() & 0x7fffffff
    try {
      const outcome = await watched({
        name,
        inputs: Number(inputs),
        seed,
        now: new SharedArrayBuffer(1 << 16),
      })
      console.log(`${name.padEnd(40)} ${describe(outcome)}  seed ${seed}`)
    } catch (error) {
      failed++
      console.log(
        `${name.padEnd(40)} FAILED, seed ${seed}: ${error instanceof Error ? error.message : error}`,
      )
    }
  }
  process.exitCode = failed > 0 ? 1 : 0
}

function describe({ inputs, refused, slowestMs, grownBytes, seconds }: Outcome): string {
  const percent = Math.round((100 * refused) / inputs)
  return `${inputs} inputs, ${percent} % refused, slowest ${slowestMs.toFixed(2)} ms, ${(grownBytes / 2 ** 20).toFixed(2)} MiB more, ${seconds.toFixed(0)} s`
}

async function watched(data: Work): Promise<Outcome> {
  const worker = new Worker(new URL(import.meta.url), { workerData: data })
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
  worker.once('message', resolve)
  worker.once('error', reject)
  const numbers = new Int32Array(data.now, 0, 2)
  let [seen, looks] = [-1, 0]
  const timer = setInterval(() => {
    looks = numbers[0] === seen ? looks + 1 : 0
    seen = numbers[0]!
    if (looks < LOOKS) return
    const bytes = Buffer.from(new Uint8Array(data.now, 8, Math.min(numbers[1]!, data.now.byteLength - 8)))
    reject(new Error(`hangs on ${bytes.toString('hex')}`))
  }, 1000)
  try {
    return await promise
  } finally {
    clearInterval(timer)
    await worker.terminate()
  }
}

async function work({ name, inputs, seed, now }: Work): Promise<void> {
  const numbers = new Int32Array(now, 0, 2)
  const place = new Uint8Array(now, 8)
  await using opened = await openSubjects()
  const subject = opened.subjects.find(subject => subject.name === name)!
  const onInput = (bytes: Uint8Array) => {
    place.set(bytes.subarray(0, place.length))
    numbers[1] = bytes.length
    numbers[0]!++
  }
  parentPort!.postMessage(await fuzz(subject, { inputs, seed, onInput }))
}
