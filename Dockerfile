# An image of the command line. Untested: written where there is no Docker.
#
#   docker build -t coop4j .
#   docker run --rm -v "$PWD:/data" coop4j zero-shot -m coop4j-small -c dog,car,house photo.jpg

FROM maven:3.9-eclipse-temurin-21 AS build
WORKDIR /coop4j
COPY . .
RUN mvn -B -ntp -Pdist -DskipTests package \
    && mkdir /unpacked && cd /unpacked && jar xf /coop4j/app/target/coop4j-*.zip \
    && mv coop4j-* coop4j && chmod +x coop4j/coop

FROM eclipse-temurin:21-jre
COPY --from=build /unpacked/coop4j /opt/coop4j
RUN useradd --create-home coop && ln -s /opt/coop4j/coop /usr/local/bin/coop
USER coop
# Once, so that no container does it again: the archive of loaded classes, the native libraries, the small model.
RUN coop model coop4j-small
WORKDIR /data
ENTRYPOINT ["coop"]
