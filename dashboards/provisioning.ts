/**
 * What Grafana reads from its provisioning folder: generated/grafana mounted at /etc/grafana/provisioning suffices.
 * @see https://grafana.com/docs/grafana/latest/administration/provisioning/
 */

export const dashboardProvider = {
  apiVersion: 1,
  providers: [
    {
      name: 'remora',
      folder: 'Remora',
      type: 'file',
      disableDeletion: true,
      options: { path: '/etc/grafana/provisioning/dashboards/remora' },
    },
  ],
}

/** Grafana fills in the addresses from its environment. */
export const datasources = {
  apiVersion: 1,
  datasources: [
    { name: 'Remora metrics', type: 'prometheus', access: 'proxy', url: '$REMORA_PROMETHEUS_URL' },
    { name: 'Remora logs', type: 'loki', access: 'proxy', url: '$REMORA_LOKI_URL' },
  ],
}
