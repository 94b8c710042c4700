/** What runtime 1.30 was seen to say when it failed, and what a person is told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runtimeError } from '../../node/graph/runtime-error.ts'
import { OppuError } from '../../protocol/errors.ts'

const WEBGPU = '/onnxruntime_src/onnxruntime/core/providers/webgpu'

/** [what failed, the runtime's message, code, what is told] */
const RECORDED = [
  [
    'a driver that answered a submission with VK_ERROR_DEVICE_LOST',
    `${WEBGPU}/buffer_manager.cc:641 void onnxruntime::webgpu::BufferManager::Download(WGPUBuffer, void*, size_t) const map_async_result.status == wgpu::MapAsyncStatus::Success was false. Failed to download data from buffer. wgpu::MapAsyncStatus value: 4, message: [Device] is lost.\n`,
    'DEVICE_LOST',
    'the device is lost',
  ],
  [
    'a buffer of 2.6 GB',
    'WebGPU validation failed. [Invalid Buffer (unlabeled)] is invalid due to a previous error.\n - While validating entries[2] against { binding: 2, visibility: ShaderStage::Compute }.\n',
    'OUT_OF_MEMORY',
    'WebGPU validation failed. [Invalid Buffer (unlabeled)] is invalid due to a previous error.',
  ],
  [
    'a buffer of 20 GB',
    `Non-zero status code returned while running Mul node. Name:'Mul Mul_2' Status Message: ${WEBGPU}/shader_helper.cc:306 onnxruntime::webgpu::ShaderVariableHelper& onnxruntime::webgpu::ShaderHelper::AddVariableImpl(bool) numbers_storage_buffers_ <= limits_.maxStorageBuffersPerShaderStage was false. Too many storage buffers in shader. Current: 21, Max is 12\n`,
    'OUT_OF_MEMORY',
    "Non-zero status code returned while running Mul node. Name:'Mul Mul_2' Status Message: Too many storage buffers in shader. Current: 21, Max is 12",
  ],
  [
    'a maximum of nothing',
    `Non-zero status code returned while running ReduceMax node. Name:'ReduceMax y' Status Message: ${WEBGPU}/reduction/reduction_ops.h:94 onnxruntime::common::Status onnxruntime::webgpu::ReduceKernel<allow_multi_axes>::CheckInput(const onnxruntime::Tensor*) const [with bool allow_multi_axes = true] input_tensor != nullptr && (input_tensor->Shape().Size() > 0 || allow_empty_input_) was false. Input tensor cannot be null or empty\n`,
    'RUNTIME_FAILURE',
    "Non-zero status code returned while running ReduceMax node. Name:'ReduceMax y' Status Message: Input tensor cannot be null or empty",
  ],
] as const

for (const [what, message, code, text] of RECORDED)
  test(`${what} is ${code}`, () => {
    const cause = new Error(message)
    const error = runtimeError(cause, 'running the graph')
    assert.ok(error instanceof OppuError)
    assert.equal(error.code, code)
    assert.equal(error.cause, cause)
    assert.equal(error.message, `running the graph: ${text}`)
  })

test('misuse and errors that have a code stay as they are', () => {
  for (const error of [new TypeError('device is lost'), new OppuError('CLOSED', 'device is lost')])
    assert.equal(runtimeError(error, 'running the graph'), error)
})
