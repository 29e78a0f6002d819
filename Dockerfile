# Remora in a container that looks at its host.
#
#   docker build -t remora .
#   docker run --rm --init --pid=host \
#     -v /sys:/host/sys:ro -v /proc:/host/proc:ro -v /:/host/root:ro,rslave \
#     -v remora:/var/lib/remora \
#     -e REMORA_SERVER_LISTEN=0.0.0.0:9747 -p 127.0.0.1:9747:9747 \
#     remora
#
# It listens on its own loopback unless told otherwise, as above. It runs as the user `node` (1000); a few kernel files
# are for root alone: add `--user 0` to read those too. A configuration goes to /etc/remora.yaml.

FROM node:26-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY *.ts tsconfig.json LICENSE ./
COPY src src
COPY collectors collectors
RUN npm run -s build

FROM node:26-slim
COPY --from=build /build/dist/ /build/LICENSE /usr/local/lib/remora/
RUN ln -s /usr/local/lib/remora/remora.cjs /usr/local/bin/remora \
  && install -d -o node -g node /var/lib/remora
ENV NODE_ENV=production \
  REMORA_PATHS_SYS=/host/sys \
  REMORA_PATHS_PROC=/host/proc \
  REMORA_PATHS_ROOT=/host/root
# Spool and files go here by default (./remora-data).
WORKDIR /var/lib/remora
VOLUME /var/lib/remora
USER node
EXPOSE 9747
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["node", "-e", "fetch('http://127.0.0.1:9747/-/healthy').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["remora"]
CMD ["run"]
