// The API's description against the OpenAPI 3.1 schema, and each of its schemas against JSON Schema 2020-12. That answers are as
// described is not here: every C test of the server holds them against the same declarations (tests/support/shape_check.h).
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import assert from 'node:assert/strict'
import { test } from 'node:test'

const require = createRequire(new URL('../../web/package.json', import.meta.url))
const seva = process.env.SEVA_BIN
const skip = seva ? false : 'SEVA_BIN is not set'
const printed = () => JSON.parse(execFileSync(seva, ['routes', '--openapi'], { encoding: 'utf8', maxBuffer: 1 << 26 }))

test('the printed document is valid OpenAPI 3.1', { skip }, async () => {
  const { Validator } = await import(pathToFileURL(require.resolve('@seriousme/openapi-schema-validator')))
  const validator = new Validator()
  const result = await validator.validate(printed())
  assert.ok(result.valid, JSON.stringify(result.errors, null, 1))
  assert.equal(validator.version, '3.1')
})

test('a document with a mistake is refused', { skip }, async () => {
  const { Validator } = await import(pathToFileURL(require.resolve('@seriousme/openapi-schema-validator')))
  const document = printed()
  delete document.paths['/api/v1/agents'].get.responses
  document.paths['/api/v1/agents'].get.parameters.push({ name: 'x', in: 'nowhere' })
  assert.equal((await new Validator().validate(document)).valid, false)
})

test('each schema is valid JSON Schema 2020-12 and its references lead somewhere', { skip }, () => {
  const Ajv = require('ajv/dist/2020').default
  const addFormats = require('ajv-formats').default
  const document = printed()
  const ajv = addFormats(new Ajv({ strict: true, allowUnionTypes: true, formats: { password: true }, keywords: ['components'] }))
  ajv.addSchema({ $id: 'doc', components: { schemas: document.components.schemas } }, undefined, false, false)
  const names = Object.keys(document.components.schemas)
  assert.ok(names.length > 100, String(names.length))
  for (const name of names) assert.ok(ajv.compile({ $ref: `doc#/components/schemas/${name}` }), name)
})
