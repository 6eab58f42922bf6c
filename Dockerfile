# An image of the command line, from the Debian package. Untested: written where there is no Docker.
#
#   docker build -t coop4j .
#   docker run --rm -v "$PWD:/data" coop4j zero-shot -m coop4j-small -c dog,car,house photo.jpg

FROM maven:3.9-eclipse-temurin-21 AS build
WORKDIR /coop4j
COPY . .
RUN mvn -B -ntp -Pdist -DskipTests -Dmaven.javadoc.skip package

FROM debian:stable-slim
COPY --from=build /coop4j/app/target/coop4j_*.deb /tmp/
RUN apt-get update && apt-get install -y --no-install-recommends /tmp/coop4j_*.deb && rm -rf /tmp/*.deb /var/lib/apt/lists/* \
    && useradd --create-home coop
USER coop
# Once, so that no container does it again: the small model.
RUN coop model coop4j-small
WORKDIR /data
ENTRYPOINT ["coop"]
