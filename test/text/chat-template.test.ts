/** Chat templates as models ship them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chatTemplate, PLAIN_TEMPLATE } from '../../node/text/chat-template.ts'
import { isOppuError } from '../../protocol/errors.ts'

const messages = [
  { role: 'user', content: 'Hello' },
  { role: 'assistant', content: 'Hi' },
] as const

test('ChatML as SmolLM2 has it', () => {
  const template = chatTemplate(
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nBe kind<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    {},
  )
  assert.equal(
    template.render(messages.slice(0, 1), { addGenerationPrompt: true }),
    '<|im_start|>system\nBe kind<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n',
  )
  assert.equal(
    template.render(messages),
    '<|im_start|>system\nBe kind<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\nHi<|im_end|>\n',
  )
})

test('blocks are trimmed as in transformers, and the special tokens are to be had', () => {
  const template = chatTemplate(
    '\n  {% for m in messages %}\n{{ bos_token }}{{ m.content | trim }}{{ eos_token }}\n  {% endfor %}\nend',
    {
      bosToken: '<s>',
      eosToken: '</s>',
    },
  )
  assert.equal(template.render(messages), '\n<s>Hello</s>\n<s>Hi</s>\nend')
})

test('a template has no clock', () => {
  const template = chatTemplate(
    '{% if strftime_now is defined %}{{ strftime_now("%Y") }}{% else %}no date{% endif %}',
    {},
  )
  assert.equal(template.render(messages), 'no date')
})

test('without a template, texts follow one another', () => {
  const template = chatTemplate(PLAIN_TEMPLATE, { bosToken: '<s>', eosToken: '</s>' })
  assert.equal(template.render(messages.slice(0, 1), { addGenerationPrompt: true }), '<s>Hello\n\n')
  assert.equal(template.render(messages), '<s>Hello\n\nHi</s>')
})

test('templates that do not parse, and messages that a template refuses, are told apart from faults of ours', () => {
  assert.throws(
    () => chatTemplate('{% for %}', {}),
    error => isOppuError(error, 'INVALID_DATA') && /parse/.test(error.message),
  )
  const strict = chatTemplate(
    "{% if messages[0]['role'] != 'system' %}{{ raise_exception('system first') }}{% endif %}",
    {},
  )
  assert.throws(
    () => strict.render(messages),
    error => isOppuError(error, 'INVALID_DATA') && /system first/.test(error.message),
  )
  const unknown = chatTemplate('{{ messages | conjure }}', {})
  assert.throws(
    () => unknown.render(messages),
    error => isOppuError(error, 'INVALID_DATA'),
  )
})
