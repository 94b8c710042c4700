/** What the tests of store and personal share: a scratch folder, a cheap vault, a small adapter and base. */
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { UnsealedAdapter } from '../../node/store/sealed-file.ts'
import { Vault } from '../../node/store/vault.ts'
import type { BaseId } from '../../protocol/ids.ts'
import { chunkHash, type ManifestV1 } from '../../protocol/manifest.ts'
import { Outline } from '../../protocol/outline.ts'

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
