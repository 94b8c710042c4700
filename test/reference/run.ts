/**
 * `npm run test:reference`: compares us with Python's transformers and peft, and prints each figure beside its bar.
 * Exits 1 when a check fails; 0, saying why, where Python or its packages cannot be had. With `--write-golden` it makes
 * the goldens under test/fixtures anew and compares nothing. README.md beside this file says what is compared.
 */
import { writeArchitectures } from './architectures.ts'
import { below, type Check, report, same } from './checks.ts'
import { openEnvironment } from './environment.ts'
import { checkGemma3 } from './gemma3.ts'
import { ARCHITECTURES, answerGoldens, GOLDEN, METHODS, readGoldens } from './goldens.ts'
import { worstDifference, worstRelative } from './logits.ts'
import { checkMethods, writeMethods } from './methods.ts'
import { writeGoldens } from './questions.ts'
import { checkSmolLm2 } from './smollm2.ts'

const started = performance.now()

function say(line: string): void {
  const seconds = Math.round((performance.now() - started) / 1000)
  process.stderr.write(`[${String(seconds).padStart(3)} s] ${line}\n`)
}

/** Whether the committed numbers, which `npm test` holds us to, are still the reference's. */
async function checkGoldens(python: string, what: string, folder: string): Promise<Check[]> {
  const committed = await readGoldens(folder)
  const today = await answerGoldens(python, committed, folder)
  const numbers = (goldens: typeof committed) => goldens.logits.flatMap(({ logits }) => logits.flat())
  const curves = (goldens: typeof committed) => goldens.training.flatMap(({ losses }) => losses)
  const greedy = (goldens: typeof committed) => goldens.logits.map(golden => JSON.stringify(golden.greedy))
  const equal = greedy(committed).filter((text, index) => text === greedy(today)[index]).length
  return [
    below(`${what}: logits, worst difference`, worstDifference(numbers(committed), numbers(today)), 1e-4),
    same(`${what}: greedy continuations`, equal, committed.logits.length, undefined),
    below(
      `${what}: losses, worst relative difference`,
      worstRelative(curves(committed), curves(today)),
      1e-4,
    ),
  ]
}

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.find(arg => arg !== '--write-golden')
  if (unknown !== undefined) {
    process.stderr.write(`unknown option ${unknown}; there is --write-golden\n`)
    return 64
  }
  const environment = await openEnvironment(say)
  if (typeof environment === 'string') {
    process.stdout.write(`The comparison with the reference implementation is skipped: ${environment}\n`)
    process.stdout.write('0 passed, 0 failed, 1 skipped\n')
    return 0
  }
  const { python, versions } = environment
  if (args.includes('--write-golden')) {
    say(`making the goldens with ${versions}`)
    await writeGoldens(python, versions)
    await writeArchitectures(python, versions)
    await writeMethods(python, versions)
    return 0
  }
  say('the committed goldens')
  const checks = [
    ...(await checkGoldens(python, 'goldens', GOLDEN)),
    ...(await checkGoldens(python, 'architectures', ARCHITECTURES)),
    ...(await checkGoldens(python, 'methods', METHODS)),
  ]
  say('adapters of every method, from us to peft')
  checks.push(...(await checkMethods(python)))
  checks.push(...(await checkSmolLm2(python, say)))
  checks.push(...(await checkGemma3(python, say)))
  say('done')
  process.stdout.write(`\nAgainst ${versions}, float32 on the CPU:\n\n${report(checks)}\n`)
  return checks.some(check => check.outcome === 'failed') ? 1 : 0
}

process.exitCode = await main(process.argv.slice(2))
