/**
 * `npm run build`: the package as it is published, in dist/. The compiler makes JavaScript of the sources; what it does
 * not take along (generated code, the embedded base, the demo's authors, the systemd unit) is copied beside it.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const COPIED = [
  ...['protocol/messages.pb', 'node/graph/onnx.pb'].flatMap(name => [`${name}.js`, `${name}.d.ts`]),
  'node/base/embedded',
  'cli/demo/authors',
  'coordinator/systemd',
]

rmSync(join(ROOT, 'dist'), { recursive: true, force: true })
execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: ROOT,
  stdio: 'inherit',
})
for (const path of COPIED) cpSync(join(ROOT, path), join(ROOT, 'dist', path), { recursive: true })
