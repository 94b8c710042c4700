/**
 * The only file that knows onnxruntime-node: turns a graph into a session on a device, and runs it.
 *
 * The model goes to the runtime as bytes, and weight files by their folder (session option
 * `session.model_external_initializers_file_folder_path`), so weights are read by the runtime alone: nothing is
 * copied, and no temporary file is made. Rejected: a model file beside the weight file (litter after a crash,
 * and read-only folders), and the `externalData` option (every weight through a JavaScript buffer).
 *
 * A run is synchronous inside the runtime: it holds the thread until it is done, and an abort is seen between
 * runs. On the CPU the same feeds give the same bits, for the same number of threads.
 */
import { readdir, stat } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import * as ort from 'onnxruntime-node'
import { isOppuError, OppuError } from '../../protocol/errors.ts'
import { type Device, type DeviceChoice, isDevice } from './device.ts'
import { Graph, type Value } from './graph.ts'
import { encodeModel, nodesForCpu, outputsOf } from './onnx.ts'
import { add, matMul, sumAll } from './ops.ts'
import { firstLine, runtimeError } from './runtime-error.ts'
import { type Tensor, type TensorData, tensorOf } from './tensor.ts'

// The runtime's own log goes to stderr in its own format; what it has to say arrives as errors.
ort.env.logLevel = 'fatal'
// It sends its maker reports about each session and machine unless told not to, reads the command line for them (and
// crashes on a long one), and leaves a database and a log a process behind. It asks when the first session is made, so
// this is in time; it must be this process's own environment, as the runtime reads no other setting.
process.env.ORT_DISABLE_TELEMETRY = '1'

/** Which device a session runs on, and why; `tried` are those that `auto` passed over. */
export interface DeviceAccount {
  readonly device: Device
  readonly reason: string
  readonly tried: readonly { readonly device: string; readonly error: string }[]
}

export interface SessionOptions {
  /** Default `auto`; or what `chooseDevice` said. */
  readonly device?: DeviceChoice | DeviceAccount
  /** CPU threads; the runtime's default (one a core) where absent. */
  readonly threads?: number
  /** Repack weights in 8 bits, in memory of the process's own: not shared with another, but faster. Default false. */
  readonly prepack?: boolean
  /** Names of the outputs that the session has, for a part of the graph; what only the others need is left out. Default: all. */
  readonly outputs?: readonly string[]
  readonly signal?: AbortSignal
}

export interface RunOptions {
  /** Names of the outputs to return; all where absent. Everything is computed either way. */
  readonly outputs?: readonly string[]
  readonly signal?: AbortSignal
}

export class GraphSession {
  readonly device: DeviceAccount
  readonly #session: ort.InferenceSession
  readonly #inputs: ReadonlyMap<string, Value>
  readonly #outputs: ReadonlySet<string>
  #tail: Promise<unknown> = Promise.resolve()
  #closing: Promise<void> | undefined

  private constructor(
    session: ort.InferenceSession,
    graph: Graph,
    device: DeviceAccount,
    outputs: ReadonlyMap<string, Value>,
  ) {
    this.#session = session
    this.device = device
    this.#inputs = new Map(graph.inputs.map(input => [input.name, input]))
    this.#outputs = new Set(outputs.keys())
  }

  /**
   * The graph's weight files must stay until the session is closed.
   * @throws TypeError for a graph without outputs, or without one that is named
   * @throws OppuError DEVICE_UNAVAILABLE (a named device that cannot be had), NOT_FOUND or TRUNCATED_FILE (a
   *   weight file), OUT_OF_MEMORY, RUNTIME_FAILURE
   */
  static async open(graph: Graph, options: SessionOptions = {}): Promise<GraphSession> {
    options.signal?.throwIfAborted()
    await checkWeightFiles(graph)
    const { device = 'auto' } = options
    const account = typeof device === 'object' ? device : await chooseDevice(device)
    options.signal?.throwIfAborted()
    const session = await createSession(graph, account.device, options)
    return new GraphSession(session, graph, account, outputsOf(graph, options.outputs))
  }

  /**
   * Runs the graph once. Runs of one session queue up in the order of the calls.
   * @param feeds one tensor for each input, not changed until the promise settles; extra names are refused
   * @returns the outputs by name, in memory of the caller's own
   * @throws TypeError for feeds or outputs that do not fit the graph
   * @throws OppuError CLOSED, OUT_OF_MEMORY, RUNTIME_FAILURE; DEVICE_LOST, from then on, here and in every other session
   *   on it: a new one can have it back once all are closed; the signal's reason when aborted before it started
   */
  async run(
    feeds: Readonly<Record<string, Tensor>>,
    options: RunOptions = {},
  ): Promise<Record<string, Tensor>> {
    if (this.#closing !== undefined) throw new OppuError('CLOSED', 'the session is closed')
    options.signal?.throwIfAborted()
    checkFeeds(this.#inputs, feeds)
    const names = options.outputs ?? [...this.#outputs]
    for (const name of names)
      if (!this.#outputs.has(name)) throw new TypeError(`the graph has no output ${name}`)
    const result = this.#tail.then(() => this.#runNow(feeds, names, options.signal))
    this.#tail = result.catch(() => {})
    return await result
  }

  async #runNow(
    feeds: Readonly<Record<string, Tensor>>,
    names: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<Record<string, Tensor>> {
    signal?.throwIfAborted()
    const known = new Set(this.#session.inputNames)
    const given = Object.entries(feeds).filter(([name]) => known.has(name))
    let results: ort.InferenceSession.OnnxValueMapType
    try {
      results = await this.#session.run(
        Object.fromEntries(given.map(([name, tensor]) => [name, toRuntime(tensor)])),
        names,
      )
    } catch (error) {
      const told = runtimeError(error, 'running the graph')
      if (isOppuError(told, 'DEVICE_LOST')) probes.delete(this.device.device)
      throw told
    }
    return Object.fromEntries(
      Object.entries(results).map(([name, value]) => [name, fromRuntime(value as ort.Tensor)]),
    )
  }

  /** Waits for runs in flight, then frees the session. Safe to call more than once. */
  close(): Promise<void> {
    this.#closing ??= this.#tail.then(() => this.#session.release())
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** What each device that this build of the runtime names can do here, found by running a tiny graph on it. */
export async function probeDevices(): Promise<
  readonly { readonly device: string; readonly usable: boolean; readonly detail: string }[]
> {
  const names = ort
    .listSupportedBackends()
    .map(backend => backend.name)
    .filter(isDevice)
  const reports = []
  for (const device of names) {
    const error = await probe(device)
    reports.push({ device, usable: error === undefined, detail: error ?? 'ran a small product correctly' })
  }
  return reports
}

/** Devices that `auto` tries, best first. CoreML and DirectML lack many of training's ops: only by name. */
const AUTO_ORDER: readonly Device[] = ['cuda', 'webgpu']

/** The device that a session of this choice would run on. @throws OppuError DEVICE_UNAVAILABLE */
export async function chooseDevice(choice: DeviceChoice): Promise<DeviceAccount> {
  if (choice !== 'auto') {
    const error = await probe(choice)
    if (error !== undefined) throw new OppuError('DEVICE_UNAVAILABLE', `${choice}: ${error}`)
    return { device: choice, reason: 'asked for', tried: [] }
  }
  const tried = []
  for (const device of AUTO_ORDER) {
    let error = await probe(device)
    if (error === undefined) {
      const speedup = (await productSeconds('cpu')) / (await productSeconds(device))
      const told = `a product ran ${speedup.toPrecision(2)} times as fast as on the cpu`
      if (speedup > 1) return { device, reason: told, tried }
      error = told
    }
    tried.push({ device, error })
  }
  return { device: 'cpu', reason: 'no other device is usable and faster', tried }
}

/**
 * Seconds for two products of 512 x 512, the second time: tells a software adapter, which passes every probe, from a
 * real one.
 */
async function productSeconds(device: Device): Promise<number> {
  const size = 512
  const graph = new Graph()
  const x = graph.input('x', 'float32', [size, size])
  graph.output('y', sumAll(matMul(matMul(x, x, { transB: true }), x)))
  const session = await createSession(graph, device, {})
  const feeds = { x: new ort.Tensor('float32', new Float32Array(size * size).fill(1 / size), [size, size]) }
  await session.run(feeds)
  const started = performance.now()
  await session.run(feeds)
  const seconds = (performance.now() - started) / 1000
  await session.release()
  return seconds
}

const probes = new Map<Device, Promise<string | undefined>>()

/**
 * Undefined when the device runs a tiny graph correctly, the reason otherwise. A device is tried once a process, and again
 * when it was lost; what it lacks is looked for at every call.
 */
async function probe(device: Device): Promise<string | undefined> {
  if (device === 'cpu') return undefined
  const lacking = device === 'webgpu' && process.platform === 'linux' ? await lackingVulkan() : undefined
  if (lacking !== undefined) return lacking
  const known = probes.get(device)
  if (known !== undefined) return await known
  const asked = runProbe(device)
  probes.set(device, asked)
  return await asked
}

/** Asked before a device is, since Dawn writes to stderr when one of them is missing. */
async function lackingVulkan(): Promise<string | undefined> {
  if (!hasLibrary('libvulkan.so.1')) return 'libvulkan.so.1 is not installed'
  return (await hasVulkanDriver()) ? undefined : 'no Vulkan driver is installed'
}

async function runProbe(device: Device): Promise<string | undefined> {
  if (!ort.listSupportedBackends().some(backend => backend.name === device))
    return 'this build of the runtime does not have it'
  const graph = new Graph()
  const x = graph.input('x', 'float32', ['rows', 2])
  graph.output('y', add(matMul(x, x, { transB: true }), graph.constant(tensorOf('float32', [], [1]))))
  let session: ort.InferenceSession | undefined
  try {
    session = await createSession(graph, device, {})
    const { y } = await session.run({ x: new ort.Tensor('float32', new Float32Array([1, 2, 3, 4]), [2, 2]) })
    const got = [...(y!.data as Float32Array)].join()
    return got === '6,12,12,26' ? undefined : `gave wrong results (${got})`
  } catch (error) {
    if (isOppuError(runtimeError(error, 'trying it'), 'DEVICE_LOST')) probes.delete(device)
    return firstLine(error)
  } finally {
    await session?.release()
  }
}

/** Where the Vulkan loader looks for drivers: its own variables, then the system's folders. */
async function hasVulkanDriver(): Promise<boolean> {
  const { VK_DRIVER_FILES, VK_ICD_FILENAMES } = process.env
  if (VK_DRIVER_FILES !== undefined || VK_ICD_FILENAMES !== undefined) return true
  const folders = ['/usr/share', '/usr/local/share', '/etc', '/usr/local/etc'].map(
    folder => `${folder}/vulkan/icd.d`,
  )
  const found = await Promise.all(folders.map(folder => readdir(folder).catch(() => [])))
  return found.flat().some(name => name.endsWith('.json'))
}

/** Whether the dynamic linker finds a library. */
function hasLibrary(name: string): boolean {
  try {
    process.dlopen({ exports: {} }, name)
    return true
  } catch (error) {
    return !(error instanceof Error && error.message.includes('cannot open shared object'))
  }
}

async function createSession(
  graph: Graph,
  device: Device,
  options: SessionOptions,
): Promise<ort.InferenceSession> {
  const { threads, prepack = false, outputs } = options
  const folder = weightFolder(graph)
  const model = encodeModel(graph, {
    device,
    prepack,
    ...(folder === undefined ? {} : { weightFolder: folder }),
    ...(outputs === undefined ? {} : { outputs }),
  })
  try {
    return await ort.InferenceSession.create(model, {
      executionProviders: providers(graph, device),
      // The graph is written as it shall run (see `onnx.ts`). The runtime's own rewriting is no faster, takes longer to open,
      // and of 1.30 moves transposes past the reading of a shape, wrongly.
      graphOptimizationLevel: 'disabled',
      // Reusing freed pieces beats planning one block for all: a training step peaks a third lower, at the same speed.
      enableMemPattern: false,
      logSeverityLevel: 4,
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
      extra: {
        session: {
          disable_prepacking: prepack ? '0' : '1',
          // Threads that wait for work longer than this sleep. The default spins so long that two processes on
          // one machine, as in the demo, take each other's cores; this is faster there and no slower alone.
          intra_op: { spin_duration_us: '20' },
          ...(folder === undefined ? {} : { model_external_initializers_file_folder_path: folder }),
        },
      },
    })
  } catch (error) {
    throw runtimeError(error, 'opening the session')
  }
}

/** The device, and behind it the CPU for what the device has no kernel for. */
function providers(graph: Graph, device: Device): ort.InferenceSession.ExecutionProviderConfig[] {
  if (device === 'cpu') return ['cpu']
  const names = device === 'webgpu' ? nodesForCpu(graph) : []
  // An empty list is refused.
  return [names.length === 0 ? device : { name: 'webgpu', forceCpuNodeNames: names }, 'cpu']
}

/** The innermost folder that holds all weight files; undefined where there are none. */
function weightFolder(graph: Graph): string | undefined {
  const paths = new Set(graph.weights.map(({ location }) => resolve(location.path)))
  let folder: string | undefined
  for (const path of paths) {
    folder ??= dirname(path)
    while (relative(folder, path).startsWith('..')) folder = dirname(folder)
  }
  return folder
}

async function checkWeightFiles(graph: Graph): Promise<void> {
  const ends = new Map<string, number>()
  for (const { location } of graph.weights) {
    const { path, offset, length } = location
    ends.set(path, Math.max(ends.get(path) ?? 0, offset + length))
  }
  for (const [path, end] of ends) {
    const size = await stat(path).then(
      file => file.size,
      error => {
        throw new OppuError('NOT_FOUND', `no weight file at ${path}`, { cause: error })
      },
    )
    if (size < end) throw new OppuError('TRUNCATED_FILE', `${path} has ${size} bytes of ${end}`)
  }
}

/** Names, types and shapes; a symbol must stand for the same size in every feed. */
function checkFeeds(inputs: ReadonlyMap<string, Value>, feeds: Readonly<Record<string, Tensor>>): void {
  const sizes = new Map<string, number>()
  for (const name of Object.keys(feeds))
    if (!inputs.has(name)) throw new TypeError(`the graph has no input ${name}`)
  for (const { name, dtype, shape } of inputs.values()) {
    const tensor = feeds[name]
    if (tensor === undefined) throw new TypeError(`input ${name} is missing`)
    const fits =
      tensor.dtype === dtype &&
      tensor.dims.length === shape.length &&
      shape.every((dim, axis) => {
        const size = tensor.dims[axis]!
        if (typeof dim === 'number') return dim === size
        const known = sizes.get(dim)
        sizes.set(dim, known ?? size)
        return known === undefined || known === size
      })
    if (!fits)
      throw new TypeError(
        `input ${name} is ${dtype} [${shape.join(', ')}], not ${tensor.dtype} [${tensor.dims.join(', ')}]`,
      )
  }
}

function toRuntime({ dtype, dims, data }: Tensor): ort.Tensor {
  if (dtype !== 'float16') return new ort.Tensor(dtype, data as Float32Array, dims)
  // The constructor makes a Float16Array of it, whose memory the binding of 1.30 does not see.
  return Object.create(new ort.Tensor('float16', data as Uint16Array, dims), {
    data: { value: data },
  }) as ort.Tensor
}

function fromRuntime(value: ort.Tensor): Tensor {
  const data = value.data as TensorData // Float16Array for float16, where our tensors have its bits
  const bits = value.type === 'float16' ? new Uint16Array(data.buffer, data.byteOffset, data.length) : data
  return { dtype: value.type as Tensor['dtype'], dims: value.dims, data: bits as TensorData }
}
