@echo off
rem Runs coop4j's command line on Windows. Untested. A distribution has its jars in lib. In a source tree, builds on
rem first use; after that, build by hand: mvn -DskipTests package
setlocal
set "ROOT=%~dp0"
set "TARGET=%ROOT%app\target"
if exist "%ROOT%lib" set "CLASSPATH=%ROOT%lib\*"
if not exist "%ROOT%lib" if not exist "%TARGET%\classpath.txt" (
    echo coop: building on first use: Maven downloads up to 255 MB to its repository ... 1>&2
    call mvn -B -ntp -q -f "%ROOT%pom.xml" -pl app -am -Dmaven.test.skip -Dspotless.check.skip=true -Dcompiler.werror=-Xdiags:compact package 1>&2 || exit /b 1
)
set "JAVA=java"
if defined JAVA_HOME set "JAVA=%JAVA_HOME%\bin\java"
if defined JAVA_HOME if not exist "%JAVA%.exe" goto no_java
if not exist "%ROOT%lib" for /f "usebackq delims=" %%l in ("%TARGET%\classpath.txt") do set "CLASSPATH=%TARGET%\coop4j-app.jar;%%l"
set "COMPILER=-XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=6000"
set "COMPILER=%COMPILER% -XX:Tier4CompileThreshold=150000 -XX:Tier4BackEdgeThreshold=400000"
set "MEMORY="
rem JavaCPP uses sun.misc.Unsafe, of which newer versions of Java warn; older ones do not know the option.
"%JAVA%" --sun-misc-unsafe-memory-access=allow -version >nul 2>&1 && set "MEMORY=--sun-misc-unsafe-memory-access=allow"
"%JAVA%" -XX:+UseSerialGC -XX:MaxRAMPercentage=50 %COMPILER% -Djava.awt.headless=true --enable-native-access=ALL-UNNAMED %MEMORY% %JAVA_OPTS% org.coop4j.cli.Coop %*
exit /b %ERRORLEVEL%
:no_java
echo coop: JAVA_HOME is "%JAVA_HOME%", which has no bin\java.exe: set it to a JDK, 17 or newer 1>&2
exit /b 1
