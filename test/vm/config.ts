/** Configurations of the guest's agent: receivers on this host's loopback are 10.0.2.2 there. */

export interface Receivers {
  /** Of the Loki receiver of the tests. */
  readonly loki?: string
  /** Of systemd-journal-remote, with its path. */
  readonly journalRemote?: string
}

export function configOf({ loki, journalRemote }: Receivers): string {
  const seen = (url: string, path: string) => `http://10.0.2.2:${new URL(url).port}${path}`
  const sinks = {
    ...(loki !== undefined && { logs: { type: 'loki', url: seen(loki, '/loki/api/v1/push') } }),
    ...(journalRemote !== undefined && {
      journals: { type: 'journal-remote', url: seen(journalRemote, '/upload') },
    }),
  }
  // JSON is YAML.
  return JSON.stringify({ server: { listen: '0.0.0.0:9747' }, push: { enabled: false }, sinks })
}
