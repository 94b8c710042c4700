/** What the tests of store and personal share: a scratch folder, a cheap vault, a small adapter and base. */
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { type ChunkLengths, listChunks } from '../../node/base/chunking.ts'
import { writeOutline } from '../../node/store/outlines.ts'
import type { UnsealedAdapter } from '../../node/store/sealed-file.ts'
import { Vault } from '../../node/store/vault.ts'
import { type BaseId, idFromBytes, type TreeRoot } from '../../protocol/ids.ts'
import { chunkHash, encodeManifest, type FileOfRoot, type ManifestV1 } from '../../protocol/manifest.ts'
import { type ChunkList, Outline, rootOf } from '../../protocol/outline.ts'

/** Argon2id as cheap as it gets: these tests are not about its cost. */
export const CHEAP = { memoryKiB: 64, passes: 1, parallelism: 1 } as const

export async function scratch(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'oppu-store-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export function vaultOf(passphrase: string): Promise<Vault> {
  return Vault.create(passphrase, CHEAP)
}

/** Bytes that look random and are the same on every run. */
export function bytesOf(seed: string, length: number): Uint8Array {
  const blocks: Uint8Array[] = []
  for (let i = 0; i * 32 < length; i++) blocks.push(createHash('sha256').update(`${seed}/${i}`).digest())
  return Uint8Array.from(Buffer.concat(blocks).subarray(0, length))
}

export function adapterOf(seed: string, weightBytes: number): UnsealedAdapter {
  return {
    manifest: {
      version: 1,
      baseId: createHash('sha256').update('a base').digest('hex') as BaseId,
      method: 'lora',
      config: { rank: 8, seed },
      tensors: [{ name: 'base_model.model.q_proj.lora_A.weight', shape: [8, 4] }],
      createdAt: 1_700_000_000_000,
      trainedItems: 12,
    },
    files: new Map([
      ['adapter_config.json', Uint8Array.from(Buffer.from('{"r": 8}'))],
      ['adapter_model.safetensors', bytesOf(seed, weightBytes)],
    ]),
  }
}

export function outlineOf(files: Readonly<Record<string, Uint8Array>>): Outline {
  return Outline.ofVersion1(manifestOf(files))
}

/** Puts files into `<bases>/<id>` as an import does: a version-2 base, cut by content. */
export async function storeBase(
  bases: string,
  files: Readonly<Record<string, Uint8Array>>,
  options: { readonly name?: string; readonly lengths?: ChunkLengths } = {},
): Promise<Outline> {
  const staging = await mkdtemp(join(bases, '.staging-'))
  const lists: ChunkList[] = []
  const entries: FileOfRoot[] = []
  for (const path of Object.keys(files).sort()) {
    const full = join(staging, 'files', path)
    await mkdir(dirname(full), { recursive: true })
    await writeFile(full, files[path]!)
    await using handle = await open(full)
    const list = await listChunks(handle, path, options.lengths ? { lengths: options.lengths } : {})
    const root = rootOf(list)
    const chunkCount = list.lengths.length
    entries.push({ path, size: files[path]!.length, root: root && idFromBytes<TreeRoot>(root), chunkCount })
    lists.push(list)
  }
  const { chunkSize: _, ...head } = manifestOf({})
  const manifest = { ...head, name: options.name ?? head.name, version: 2, files: entries } as const
  const outline = Outline.of(manifest, lists)
  await writeFile(join(staging, 'manifest'), encodeManifest(manifest))
  await writeOutline(staging, outline)
  await rename(staging, join(bases, outline.id))
  return outline
}

/** Files by path, cut into chunks of 4 KiB. */
export function manifestOf(files: Readonly<Record<string, Uint8Array>>): ManifestV1 {
  const chunkSize = 4096
  return {
    version: 1,
    name: 'test-base',
    format: 'huggingface',
    architecture: 'LlamaForCausalLM',
    licence: 'Apache-2.0',
    chunkSize,
    files: Object.keys(files)
      .sort()
      .map(path => {
        const bytes = files[path]!
        const chunks = Array.from({ length: Math.ceil(bytes.length / chunkSize) }, (_, c) =>
          chunkHash(bytes.subarray(c * chunkSize, (c + 1) * chunkSize)),
        )
        return { path, size: bytes.length, chunks }
      }),
  }
}

/** Every regular file under a folder, with its bytes. */
export async function allFiles(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = new Map<string, Buffer>()
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile()) files.set(path, await readFile(path))
  }
  return files
}
