import { describe, expect, it } from 'vitest';
import { registryPath } from '../../../gateway/registry/path.ts';

describe('packages can be read', () => {
  it.each([
    ['/zod', 'zod'],
    ['/@scope%2fname', '@scope/name'],
    ['/@scope%2Fname', '@scope/name'],
    ['/@scope/name', '@scope/name'],
    ['/JSONStream', 'JSONStream'],
    ['/lodash.merge', 'lodash.merge'],
    ['/zod/-/zod-4.6.7.tgz', 'zod'],
    ['/@scope/name/-/name-1.0.0-rc.1+build.tgz', '@scope/name'],
  ])('%s', (target, name) => {
    expect(registryPath(target, '/')).toMatchObject({ package: name, path: target });
  });

  it('below the path of a registry that has one, with and without it', () => {
    const zod = { package: 'zod', file: 'zod-1.0.0.tgz', path: '/zod/-/zod-1.0.0.tgz' };
    expect(registryPath('/api/npm/zod/-/zod-1.0.0.tgz', '/api/npm/')).toEqual(zod);
    expect(registryPath('/zod/-/zod-1.0.0.tgz', '/api/npm/')).toEqual(zod);
    expect(registryPath('/api/pip/zod/-/zod-1.0.0.tgz', '/api/npm')).toBeNull();
  });
});

describe('nothing else can', () => {
  it.each([
    '/',
    '/zod?carries=data',
    '/zod/4.6.7',
    '/zod/-/zod.tar',
    '/zod/-/../../x.tgz',
    '/../zod',
    '/..%2fzod',
    '/.hidden',
    '/-/npm/v1/security/audits',
    '/-/user/token',
    '/-/all',
    '/@scope%2f..%2fname',
    '/@scope',
    '/zod#x',
    '/zod%00',
    '//evil.example/zod',
    `/${'a'.repeat(300)}`,
    '/a/-/b.tgz/c',
    '/%7aod',
  ])('%s', (target) => {
    expect(registryPath(target, '/')).toBeNull();
  });
});
