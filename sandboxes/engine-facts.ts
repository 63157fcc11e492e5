/** What an engine says of itself, as the facts that we use. An engine is asked, never believed whole. */
import { z } from 'zod';
import { Fault } from '../orchestrator/domain/faults.ts';
import type { Endpoint, EngineFacts } from '../orchestrator/domain/machine.ts';

const Info = z.object({
  Driver: z.string(),
  DriverStatus: z.array(z.tuple([z.string(), z.string()])).nullish(),
  Runtimes: z.record(z.string(), z.unknown()).nullish(),
  DefaultRuntime: z.string().default('runc'),
  SecurityOptions: z.array(z.string()).nullish(),
  CgroupVersion: z.string().default('1'),
  SwapLimit: z.boolean().nullish(),
  Warnings: z.array(z.string()).nullish(),
  KernelVersion: z.string(),
  OperatingSystem: z.string(),
  DockerRootDir: z.string(),
});

const Version = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
  Components: z
    .array(
      z.object({
        Name: z.string(),
        Version: z.string(),
        Details: z.record(z.string(), z.string()).nullish(),
      }),
    )
    .nullish(),
});

export type Answers = {
  readonly info: unknown;
  readonly version: unknown;
  readonly endpoint: Endpoint;
};

export function engineFacts({ info: given, version: also, endpoint }: Answers): EngineFacts {
  const [info, version] = [Info.parse(given), Version.parse(also)];
  const status = new Map(info.DriverStatus ?? []);
  return {
    version: version.Version,
    apiVersion: version.ApiVersion,
    containerd: componentIn(version, 'containerd'),
    runc: componentIn(version, 'runc'),
    storage: info.Driver,
    fileSystem: status.get('Backing Filesystem') ?? null,
    runtimes: Object.keys(info.Runtimes ?? {}).sort(),
    defaultRuntime: info.DefaultRuntime,
    security: info.SecurityOptions ?? [],
    cgroups: info.CgroupVersion,
    countsSwap: info.SwapLimit ?? null,
    warnings: info.Warnings ?? [],
    kernel: info.KernelVersion,
    system: info.OperatingSystem,
    folder: info.DockerRootDir,
    endpoint,
  };
}

/** Its version; on a distribution the fuller one, which names the distribution's own revision. */
function componentIn({ Components: all }: z.output<typeof Version>, name: string): string | null {
  const found = all?.find((one) => one.Name === name);
  if (found === undefined) return null;
  const commit = found.Details?.['GitCommit'] ?? '';
  return commit.startsWith(`${found.Version}-`) ? commit : found.Version;
}

/** As dockerode names the place of an engine. */
export type Modem = {
  readonly socketPath?: unknown;
  readonly protocol?: string | undefined;
  /** Of a client's certificate, without which TLS lets everybody in. */
  readonly cert?: unknown;
};

export function endpointOf({ socketPath, protocol, cert }: Modem): Endpoint {
  if (socketPath) return 'socket';
  if (protocol === 'ssh') return 'ssh';
  return protocol === 'https' && cert !== undefined ? 'tls' : 'tcp';
}

/** Whoever reaches such a port owns the machine: a page in a browser on it can, and did (CVE-2025-9074). */
export function refuseOpen(endpoint: Endpoint): void {
  if (endpoint !== 'tcp') return;
  throw new Fault(
    'engine_exposed',
    'DOCKER_HOST names an engine over TCP without certificates of both sides',
  );
}
