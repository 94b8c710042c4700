/** Who competes, each started the way it does best, and the settings that all of them train with. */
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { methods } from '../../node/peft/index.ts'
import { CACHE } from '../reference/environment.ts'
import { huggingFaceFolder } from './base.ts'
import { Contender, encodeBase, type Job, type TrainableBase } from './contender.ts'
import type { Workload } from './items.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const SEED = 7
/** OPPU's: rank 8 on the query and value projections. */
export const LORA = { rank: 8, alpha: 8, targets: ['q_proj', 'v_proj'] } as const
/** Three times OPPU's rate, and no schedule. */
const SETTINGS = {
  learningRate: 3e-4,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  maxGradientNorm: 1,
} as const
/** Unless a part says otherwise: PyTorch's products are float32's too. */
const FLOAT32 = { precision: 'float32' } as const
export const MAX_LENGTH = 512
export const PASS_TOKENS = 1024

const OFFLINE = { HF_HUB_OFFLINE: '1', TRANSFORMERS_VERBOSITY: 'error', HF_HUB_DISABLE_PROGRESS_BARS: '1' }
/** Memory once used is kept: the hand-written step is 5 % faster for it. Compiled kernels are kept between runs. */
const TUNED = {
  MALLOC_MMAP_THRESHOLD_: String(2 ** 32),
  MALLOC_TRIM_THRESHOLD_: String(2 ** 32),
  TORCHINDUCTOR_CACHE_DIR: join(CACHE, 'bench', 'inductor'),
}

export interface LineupOptions {
  readonly base: TrainableBase
  /** An empty folder for jobs and the adapter that all start from. */
  readonly scratch: string
  /** Undefined: ours alone. */
  readonly python: string | undefined
}

type Own = Partial<Pick<Job, 'training' | 'collect' | 'lora' | 'maxLength' | 'passTokens'>>

export class Lineup {
  readonly #options: LineupOptions
  readonly #model: string
  #jobs = 0

  private constructor(options: LineupOptions, model: string) {
    this.#options = options
    this.#model = model
  }

  static async open(options: LineupOptions): Promise<Lineup> {
    const { base, scratch, python } = options
    const method = methods.lora.prepare({ ...LORA, dropout: 0 }, base.config)
    const files = method.files(await method.initial(SEED, base.weights), base.id)
    await mkdir(join(scratch, 'adapter'), { recursive: true })
    for (const [name, bytes] of files) await writeFile(join(scratch, 'adapter', name), bytes)
    return new Lineup(options, python === undefined ? '' : await huggingFaceFolder(base))
  }

  /** Our own `train()`, with the flags of Node that `npm run` gives to every command. */
  ours(name: string, workload: Workload, own: Own = {}): Promise<Contender> {
    const flags = own.collect ? ['--expose-gc'] : []
    return this.#start(
      name,
      [process.execPath, ...process.execArgv, ...flags, `${HERE}ours.ts`],
      workload,
      own,
    )
  }

  /** The runtime's own products. */
  product(workload: Workload): Promise<Contender> {
    return this.#start('product', [process.execPath, `${HERE}product.ts`], workload)
  }

  /** transformers and peft as people run them. */
  peft(name: string, workload: Workload): Promise<Contender> {
    return this.#start(name, [this.#python(), `${HERE}torch_peft.py`], workload, {}, OFFLINE)
  }

  /** PyTorch by hand. */
  torch(name: string, workload: Workload, sharePrefix: boolean): Promise<Contender> {
    const command = [this.#python(), `${HERE}torch_packed.py`]
    return this.#start(name, command, workload, { sharePrefix }, { ...OFFLINE, ...TUNED })
  }

  #python(): string {
    if (this.#options.python === undefined) throw new TypeError('there is no Python in this line-up')
    return this.#options.python
  }

  #start(
    name: string,
    command: readonly string[],
    workload: Workload,
    own: Own & { readonly sharePrefix?: boolean } = {},
    env: Readonly<Record<string, string>> = {},
  ): Promise<Contender> {
    const { base, scratch } = this.#options
    const job: Job = {
      ...workload,
      threads: availableParallelism(),
      lora: LORA,
      settings: SETTINGS,
      seed: SEED,
      adapter: join(scratch, 'adapter'),
      passTokens: PASS_TOKENS,
      maxLength: MAX_LENGTH,
      base: encodeBase(base),
      model: this.#model,
      sharePrefix: false,
      training: FLOAT32,
      collect: false,
      ...own,
    }
    return Contender.open(name, command, job, join(scratch, `job-${this.#jobs++}.json`), env)
  }
}
